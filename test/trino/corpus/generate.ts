import { casts } from './casts.ts'
import { aggregateFunctions, type Signature, scalarFunctions } from './functions.ts'
import { kept } from './kept.ts'
import { lists } from './lists.ts'
import { names } from './names.ts'
import { literals, operators, tries } from './operators.ts'
import type { Probe } from './probe.ts'
import { refused } from './refused.ts'
import { relations } from './relations.ts'
import { tables } from './tables.ts'
import { texts } from './texts.ts'
import { times } from './times.ts'

/** All that Trino is asked, by the signatures of its functions; the same for the same signatures. */
export function generate(signatures: readonly Signature[]): readonly Probe[] {
  return [
    ...scalarFunctions(signatures),
    ...aggregateFunctions(signatures),
    ...casts(),
    ...operators(),
    ...literals(),
    ...tries(),
    ...times(),
    ...texts(),
    ...lists(),
    ...relations(),
    ...names(),
    ...refused(),
    ...kept(),
    ...tables(),
  ]
}
