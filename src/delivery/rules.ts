import type { Catalog } from '../record/schema.ts'
import type { Settings } from '../settings.ts'
import type { PlanRules } from './plan.ts'

/**
 * Returns the rules of delivery, from the record types and the settings.
 *
 * @example
 * const rules = toRules(loadCatalog(), readSettings({ env: process.env }))
 */
export function toRules(catalog: Catalog, settings: Settings): PlanRules {
  const patterns = settings.keyAttributes.map((pattern) => new RegExp(pattern, 'u'))
  return {
    catalog,
    range: { from: settings.partitionFrom, yearsAhead: settings.partitionYearsAhead },
    isKeyAttribute: (name) => patterns.some((pattern) => pattern.test(name)),
    codec: settings.codec,
  }
}
