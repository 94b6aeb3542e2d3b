import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { below, createRandom, toSeed } from '../../../src/sample/simulator/random.ts'
import { change, demandItem } from '../../changes.ts'
import { tree } from '../../tree.ts'
import { dmd } from '../io.ts'
import { dmdKilled, dmdProcess, main } from '../process.ts'

const kills = 20
const errors = 60
let folder: string
let edit: string
let whole: string
const replay = (archive: string) => ['replay', '--all', '--edit', edit, '--yes', '--archive', archive]
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-replay-kill-'))
  edit = join(folder, 'edit.json')
  writeFileSync(
    edit,
    JSON.stringify([{ op: 'add', path: '/dynamodb/NewImage/saleId', value: { S: 'sale-1' } }]),
  )
  const { saleId: _, ...item } = demandItem
  const lines = Array.from({ length: errors }, (_, n) =>
    change({ item: { ...item, PK: `FAN#${n}`, fanId: `fan-${n}` } as never, id: `bad-${n}` }),
  )
  writeFileSync(
    join(folder, 'changes.jsonl'),
    Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
  )
  // All of them go to errors.
  expect(
    dmdProcess(['deliver', join(folder, 'changes.jsonl'), '--archive', join(folder, 'errors')]).status,
  ).toBe(3)
  whole = join(folder, 'whole')
  cpSync(join(folder, 'errors'), whole, { recursive: true })
  expect(dmdProcess(replay(whole)).status).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Who replayed each error file into what; who was first and when is a matter of chance. */
function provenance(archive: string): readonly object[] {
  return readdirSync(join(archive, 'replays'))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const { replay: _, at: __, ...told } = JSON.parse(readFileSync(join(archive, 'replays', name), 'utf8'))
      return told
    })
}

async function expectWhole(archive: string, what: string): Promise<void> {
  expect(tree(join(archive, 'data')), what).toEqual(tree(join(whole, 'data')))
  expect(tree(join(archive, 'errors')), what).toEqual(tree(join(whole, 'errors')))
  expect(provenance(archive), what).toEqual(provenance(whole))
  const [group] = JSON.parse((await dmd(['errors', 'list', '--json', '--archive', archive])).out)
  expect(group, what).toMatchObject({ files: errors, open: 0 })
}

test('a replay that is killed at 20 seeded points and run again comes to the end of an unbroken one', async () => {
  expect(tree(join(whole, 'data')).size).toBeGreaterThan(errors)
  const random = createRandom(toSeed('replay kills'), 0)
  let killed = 0
  let broken = 0
  for (let n = 0; n < kills; n++) {
    const archive = join(folder, `killed-${n}`)
    cpSync(join(folder, 'errors'), archive, { recursive: true })
    // Three lines of heading come before the first result.
    const atLine = 3 + below(random, errors - 20)
    if (dmdKilled([...replay(archive), '--verbose'], atLine, below(random, 20))) killed += 1
    if (readdirSync(join(archive, 'replays')).length < errors + 1) broken += 1
    const again = await dmd(replay(archive))
    expect(again.code, `kill ${n}, line ${atLine}: ${again.out}${again.err}`).toBe(0)
    await expectWhole(archive, `kill ${n}, line ${atLine}`)
    rmSync(archive, { recursive: true })
  }
  expect(killed).toBe(kills)
  expect(broken).toBeGreaterThan(kills / 2)
})

test('two replays of the same group at once come to the end of one', async () => {
  for (let round = 0; round < 3; round++) {
    const archive = join(folder, `both-${round}`)
    cpSync(join(folder, 'errors'), archive, { recursive: true })
    // The first halts itself while it replays, until the second has chosen what to replay: else it might be done before.
    const first = started(archive, haltAfter)
    await first.replays
    const second = started(archive)
    await second.replays
    first.child.kill('SIGCONT')
    expect(await Promise.all([first.code, second.code])).toEqual([0, 0])
    await expectWhole(archive, `round ${round}`)
    expect(JSON.parse(dmdProcess(['replay', 'list', '--json', '--archive', archive]).stdout)).toHaveLength(2)
  }
})

/** Lines of a replay's log: what it set out to do is written down before the third. */
const haltAfter = 5

/** A replay in a process of its own, which may halt itself; `replays` resolves when it is under way. */
function started(archive: string, haltAtLine?: number) {
  const halted = ['--import', new URL('../killed.mjs', import.meta.url).href]
  const child = spawn(
    process.execPath,
    [...(haltAtLine === undefined ? [] : halted), main, ...replay(archive), '--verbose'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        TEST_KILL_SIGNAL: 'SIGSTOP',
        TEST_KILL_LINES: String(haltAtLine),
        TEST_KILL_TURNS: '0',
      },
    },
  )
  let lines = 0
  const replays = new Promise<void>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      lines += chunk.toString('utf8').split('\n').length - 1
      // A process that halts at a line does not write it.
      if (lines >= haltAfter - 1) resolve()
    })
  })
  const code = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { child, replays, code }
}
