import type { Catalog } from '../record/schema.ts'
import type { Settings } from '../settings.ts'
import type { PlanRules } from './plan.ts'

/** The rules of delivery, out of the record types and the settings. */
export function toRules(catalog: Catalog, settings: Settings): PlanRules {
  const patterns = settings.keyAttributes.map((pattern) => new RegExp(pattern, 'u'))
  return {
    catalog,
    range: { from: settings.partitionFrom, yearsAhead: settings.partitionYearsAhead },
    isKeyAttribute: (name) => patterns.some((pattern) => pattern.test(name)),
    codec: settings.codec,
  }
}
