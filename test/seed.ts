import { appendFileSync } from 'node:fs'
import fc, { type RunDetails } from 'fast-check'
import { expect } from 'vitest'

/**
 * Gives every property of fast-check its seed, before each test file. `npm test` uses one seed for all properties, so
 * that every run of it tries the same values. A property that needs another seed passes `{ seed }` to `fc.assert`.
 * `scripts/explore.mjs` sets a fresh seed and a file to which each counterexample is reported.
 */
const pinnedSeed = 20_250_213

const { EXPLORE_SEED: exploreSeed, EXPLORE_REPORT: reportPath, PLANTED: isPlanted } = process.env

function appendFound(run: RunDetails<unknown>, to: string): void {
  const { seed, counterexamplePath: path, counterexample, errorInstance } = run
  const { currentTestName: test, testPath: file } = expect.getState()
  const error = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  const found = { file, test, seed, path, counterexample: fc.stringify(counterexample), error }
  appendFileSync(to, `${JSON.stringify(found)}\n`)
}

/** Reports a run of a property: a counterexample also fails its test, as it does without a reporter. */
function reportTo(to: string) {
  return (run: RunDetails<unknown>): void => {
    if (run.failed) {
      appendFound(run, to)
      throw new Error(fc.defaultReportMessage(run))
    }
    appendFileSync(to, `${JSON.stringify({ runs: run.numRuns })}\n`)
  }
}

fc.configureGlobal({
  seed: exploreSeed === undefined ? pinnedSeed : Number(exploreSeed),
  ...(reportPath === undefined ? {} : { reporter: reportTo(reportPath) }),
  // Who planted the bug needs no small counterexample, and to find one can take minutes.
  ...(isPlanted === undefined ? {} : { endOnFailure: true }),
})
