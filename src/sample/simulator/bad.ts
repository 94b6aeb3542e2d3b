import type { RecordCode, Stage } from '../../record/error.ts'
import { badEnvelopes } from './bad-envelope.ts'
import { badItems, misplacedItems } from './bad-item.ts'
import type { Spoiler } from './spoil.ts'

/** A way in which records go wrong, and what a worker has to say about it. */
export type BadKind = {
  /** In kebab-case. */
  readonly kind: string
  readonly description: string
  readonly code: RecordCode
  readonly stage: Stage
  /** Makes a payload that is wrong in this way and in no other. */
  readonly make: Spoiler
}

/** Ways to fail at one stage, a row each. */
export type Family = readonly (readonly [
  kind: string,
  code: RecordCode,
  description: string,
  make: Spoiler,
])[]

/** The ways in which records go wrong, in the order in which a simulation cycles through them. */
export const badKinds: readonly BadKind[] = [
  ...at('validate', badItems),
  ...at('decode', badEnvelopes),
  ...at('place', misplacedItems),
]

function at(stage: Stage, family: Family): BadKind[] {
  return family.map(([kind, code, description, make]) => ({ kind, description, code, stage, make }))
}
