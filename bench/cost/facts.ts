import measuredJson from './measured.json' with { type: 'json' }
import type { Measured } from './measured.ts'
import { type Prices, workloads } from './model.ts'
import pricesJson from './prices.json' with { type: 'json' }

/** What `npm run bench:cost` found last. */
export const measured: Measured = measuredJson

/** Of which region the prices are, and when they were looked up. */
export const { region, lookedUp } = pricesJson
export const prices: Prices = pricesJson.prices

export const { quiet, surge, busy, full } = workloads(measured)

/** The workloads that have a column. */
export const examples = [
  ['10,000 changes a day, a month', quiet],
  ['the surge', surge],
  ['100 million changes, a month', busy],
] as const
