/**
 * Runs the property tests with fresh seeds until the time is over, and prints every counterexample with its seed:
 *
 *     npm run test:explore -- --minutes 10
 *
 * `npm test` always uses the same seed, so it cannot fail on what nobody changed. This lane looks for inputs that the
 * pinned seed does not try. A counterexample does not fail it: exit 0 when properties ran, whatever they found, and 1
 * only when none could be run. `--out FILE` also writes what was found to a file.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '3' }, out: { type: 'string' } },
})
const minutes = Number(values.minutes)
if (!(minutes > 0 && minutes <= 24 * 60)) {
  console.error(`--minutes ${values.minutes}: give a number of minutes, at most a day`)
  process.exit(1)
}
const root = new URL('..', import.meta.url).pathname
const endMs = Date.now() + minutes * 60_000
const folder = mkdtempSync(join(tmpdir(), 'dmd-explore-'))

/** The files with properties, and the names of the tests that hold them. */
function findProperties() {
  const files = readdirSync(join(root, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const names = [...text.matchAll(/\bfc\.assert\(/g)].map(({ index }) => {
      const titled = [...text.slice(0, index).matchAll(/(?:\b(?:it|test)|\))\(\s*(['"`])(.*?)\1,/g)].at(-1)
      if (!titled) throw new Error(`${file}: no test('name', …) above an fc.assert`)
      return titled[2]
    })
    return names.length > 0 ? [{ file, names }] : []
  })
}

/** One run of all properties with one seed. Resolves to what was reported; ended when the time is over. */
function run(properties, seed) {
  const report = join(folder, `${seed}.jsonl`)
  const pattern = properties
    .flatMap(({ names }) => names)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%[a-z]/g, '.*'))
    .join('|')
  return new Promise((resolve, reject) => {
    const files = properties.map(({ file }) => file)
    // Shuffled, since the time may end in the middle of a round.
    const options = ['--reporter=dot', '--sequence.shuffle.files', `--sequence.seed=${seed}`]
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const child = spawn(process.execPath, [vitest, 'run', ...options, '-t', pattern, ...files], {
      cwd: root,
      env: { ...process.env, EXPLORE_SEED: String(seed), EXPLORE_REPORT: report },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output += part))
    const timer = setTimeout(() => child.kill('SIGINT'), endMs - Date.now())
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      const lines = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n') : []
      resolve({ entries: lines.filter(Boolean).map((line) => JSON.parse(line)), output })
    })
  })
}

function describe({ file, test, seed, path, counterexample, error }) {
  return [
    `found: ${relative(root, file)}: ${test}`,
    `       { seed: ${seed}, path: ${JSON.stringify(path)} }`,
    `       counterexample ${counterexample.slice(0, 2_000)}`,
    `       ${error.split('\n')[0].slice(0, 300)}`,
  ].join('\n')
}

const howToPin = `To keep a counterexample: fix the code, or the property, and pin the case so that npm test tries it from now on,
       as a test of its own, or as { examples: [[…]] } in the property's fc.assert. To see it fail again, put its
       { seed, path } there for the time being.`

try {
  const properties = findProperties()
  const found = []
  let ran = 0
  let rounds = 0
  let lastOutput = ''
  while (Date.now() < endMs) {
    const seed = randomInt(1, 2 ** 31 - 1)
    const { entries, output } = await run(properties, seed)
    lastOutput = output
    rounds += 1
    ran += entries.length
    if (entries.length === 0 && Date.now() < endMs) break
    for (const entry of entries.filter((each) => each.counterexample !== undefined)) {
      found.push(describe(entry))
      console.log(found.at(-1))
    }
  }
  if (found.length > 0) console.log(howToPin)
  if (values.out) writeFileSync(values.out, found.map((text) => `${text}\n`).join(''))
  console.log(
    `explored ${ran} runs of properties with ${rounds} fresh seeds: ${found.length} counterexamples`,
  )
  if (ran === 0) {
    console.error(`no property ran:\n${lastOutput.slice(-4_000)}`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
