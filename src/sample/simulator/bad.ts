import type { Stage } from '../../record/error.ts'
import { badEnvelopes } from './bad-envelope.ts'
import { badItems, misplacedItems } from './bad-item.ts'
import type { BadKind, Family } from './spoil.ts'

/** The ways in which records go wrong, in the order in which a simulation cycles through them. */
export const badKinds: readonly BadKind[] = [
  ...at('validate', badItems),
  ...at('decode', badEnvelopes),
  ...at('place', misplacedItems),
]

function at(stage: Stage, family: Family): BadKind[] {
  return family.map(([kind, code, description, make]) => ({ kind, description, code, stage, make }))
}
