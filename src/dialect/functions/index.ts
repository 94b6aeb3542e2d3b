import { jsonCastScalars } from '../json-cast.ts'
import { decimalScalars, numberScalars } from '../number.ts'
import type { AggregateDefinition, Definition, ScalarFunction } from '../registry.ts'
import { temporalScalars } from '../temporal.ts'
import { aggregateFunctions, refusedAggregates, windowFunctions } from './aggregates.ts'
import { binaryFunctions, refusedBinaryFunctions } from './binary.ts'
import { collectionFunctions, refusedCollections } from './collections.ts'
import { datetimeFunctions, refusedDatetimeFunctions } from './datetime.ts'
import { jsonFunctions } from './json.ts'
import { mathFunctions, refusedMathFunctions } from './math.ts'
import { regexpFunctions } from './regexp.ts'
import { refusedTextFunctions, textFunctions } from './text.ts'
import { urlFunctions } from './url.ts'

/** The functions that a statement may call, but for the forms of `call.ts`, in the order of docs/sql.md. */
export const functionGroups: readonly {
  readonly title: string
  readonly functions: readonly Definition[]
}[] = [
  { title: 'Dates and times', functions: datetimeFunctions },
  { title: 'Texts', functions: textFunctions },
  { title: 'Regular expressions', functions: regexpFunctions },
  { title: 'Arrays, maps and lambdas', functions: collectionFunctions },
  { title: 'Numbers', functions: mathFunctions },
  { title: 'Bytes', functions: binaryFunctions },
  { title: 'JSON', functions: jsonFunctions },
  { title: 'URLs', functions: urlFunctions },
]

export const allFunctions: readonly Definition[] = functionGroups.flatMap(({ functions }) => functions)
export const allAggregates: readonly AggregateDefinition[] = aggregateFunctions
export const allWindows: readonly AggregateDefinition[] = windowFunctions

const asEntries = (list: readonly { readonly name: string; readonly instead: string }[]) =>
  Object.fromEntries(list.map(({ name, instead }) => [name, instead]))

/** Functions of Athena that are not done here, each with what to use instead. */
export const refusedFunctions: { readonly [name: string]: string } = {
  ...refusedAggregates,
  ...refusedCollections,
  ...asEntries([
    ...refusedTextFunctions,
    ...refusedBinaryFunctions,
    ...refusedDatetimeFunctions,
    ...refusedMathFunctions,
  ]),
}

/** The functions in JavaScript that DuckDB must know. */
export const allScalars: readonly ScalarFunction[] = [
  ...Object.values(numberScalars),
  ...Object.values(decimalScalars),
  ...Object.values(temporalScalars),
  ...Object.values(jsonCastScalars),
  ...allFunctions.flatMap(({ make, uses = [] }) => (typeof make === 'object' ? [make, ...uses] : uses)),
]
