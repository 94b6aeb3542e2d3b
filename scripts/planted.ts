/**
 * Plants the bugs of `test/planted/bugs.ts`, one at a time, and runs for each the test that has to notice it:
 *
 *     npm run test:planted                 all of them
 *     npm run test:planted -- worker       those with `worker` in the path of the source or the test, or in what is wrong
 *
 * No source is edited: the text is replaced when the test loads the file. Exit 0 when every bug was noticed; 1 when one
 * was not, or when a bug's text does not stand in its source exactly once, or its source does not load with it.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { createVitest, type TestModule } from 'vitest/node'
import { bugs } from '../test/planted/bugs.ts'
import { faultOf } from '../test/planted/fault.ts'
import type { Bug } from '../test/planted/plant.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const [part = ''] = process.argv.slice(2)
const minutesMax = 24
const chosen = bugs.filter(({ what, source, test }) => `${what} ${source} ${test}`.includes(part))

/** The test file of a bug, with the bug in the source that it loads. */
function toProject({ source, find, replace, test }: Bug, n: number): TestProjectInlineConfiguration {
  const path = join(root, source)
  return {
    root,
    plugins: [
      {
        name: 'planted',
        enforce: 'pre',
        transform: (code, id) => (id.split('?')[0] === path ? code.replace(find, () => replace) : undefined),
      },
    ],
    test: {
      name: String(n),
      include: [test],
      setupFiles: join(root, 'test/seed.ts'),
      // For the children that a test bundles.
      env: { PLANTED_BUG: JSON.stringify({ source, find, replace }) },
      globalSetup: join(root, 'test/setup.ts'),
      testTimeout: 60_000,
      hookTimeout: 120_000,
    },
  }
}

type Verdict = 'noticed' | 'NOT NOTICED' | 'does not load' | 'ran no test'

function verdictOf(modules: readonly TestModule[]): Verdict {
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  if (tests.some((test) => test.result().state === 'failed')) return 'noticed'
  if (modules.some((module) => module.state() === 'failed')) return 'does not load'
  return tests.some((test) => test.result().state === 'passed') ? 'NOT NOTICED' : 'ran no test'
}

const faults = chosen.flatMap((bug) => {
  const fault = faultOf(bug)
  return fault === undefined ? [] : [`${bug.what}: ${fault}`]
})
if (faults.length > 0 || chosen.length === 0) {
  console.error(faults.length > 0 ? faults.join('\n') : `no bug is planted in ${part}`)
  process.exit(1)
}

process.env.PLANTED = '1'
// Far from UTC, and not by whole hours: what follows the zone of the machine is noticed.
process.env.TZ = 'America/St_Johns'
const started = performance.now()
const vitest = await createVitest('test', {
  config: false,
  root,
  watch: false,
  pool: 'threads',
  maxWorkers: 2,
  reporters: [{}],
  projects: chosen.map(toProject),
})
const specifications = vitest.projects.map((project) => {
  const bug = chosen[Number(project.name)] as Bug
  return project.createSpecification(join(root, bug.test), bug.names ? { testNamePattern: bug.names } : {})
})
// A bug may make a loop that no test can end.
const deadline = setTimeout(() => {
  const over = vitest.state.getTestModules().filter((module) => /passed|failed/.test(module.state()))
  const names = new Set(over.map(({ project }) => project.name))
  const left = chosen.filter((_, n) => !names.has(String(n))).map(({ what }) => what)
  console.error(`not done after ${minutesMax} minutes: ${left.join(' ')}`)
  process.exit(1)
}, minutesMax * 60_000)
await vitest.runTestSpecifications(specifications, true)
clearTimeout(deadline)
const modules = vitest.state.getTestModules()
const verdicts = chosen.map((bug, n) => ({
  bug,
  verdict: verdictOf(modules.filter(({ project }) => project.name === String(n))),
}))
await vitest.close()

const missed = verdicts.filter(({ verdict }) => verdict !== 'noticed')
for (const { bug, verdict } of missed) console.log(`${verdict}: ${bug.what} (${bug.source}, ${bug.test})`)
const seconds = Math.round((performance.now() - started) / 1000)
console.log(`${chosen.length} bugs planted, ${chosen.length - missed.length} noticed, in ${seconds} s`)
writeReport()
process.exit(missed.length === 0 ? 0 : 1)

/** The counts in the form of vitest's own report, for `.ci/run`. */
function writeReport(): void {
  if (process.env.PLANTED_REPORT === undefined) return
  const testResults = [
    {
      name: join(root, 'test/planted/bugs.ts'),
      status: missed.length > 0 ? 'failed' : 'passed',
      assertionResults: verdicts.map(({ bug, verdict }) => ({
        fullName: `${bug.what} (${bug.source})`,
        status: verdict === 'noticed' ? 'passed' : 'failed',
        failureMessages: verdict === 'noticed' ? [] : [verdict],
      })),
    },
  ]
  const counts = { numPassedTests: chosen.length - missed.length, numFailedTests: missed.length }
  writeFileSync(process.env.PLANTED_REPORT, JSON.stringify({ ...counts, testResults }))
}
