import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { openEmbeddedTable } from '../../../src/local/table/embedded.ts'
import { systemRuntime } from '../../../src/runtime.ts'
import { makeFolder } from '../../local/table/folder.ts'
import { foldStream } from '../../local/table/script.ts'
import { demand } from './api.ts'

const child = fileURLToPath(new URL('child.ts', import.meta.url))
const children = new Set<ChildProcess>()
afterEach(() => {
  for (const one of children) one.kill('SIGKILL')
})

/** Starts the API in a process of its own, whose files may grow so far. */
async function startApi(
  folder: string,
  fileBlocks?: number,
): Promise<{ url: string; kill: () => Promise<void> }> {
  // A sweep rolls the log's file over, which would make room.
  const sweepMs = fileBlocks === undefined ? '20' : '1000000'
  const command = [process.execPath, '--import', 'tsx', child, folder, sweepMs]
  const limit = fileBlocks === undefined ? '' : `ulimit -f ${fileBlocks}; `
  const started = spawn('bash', ['-c', `${limit}exec "$@"`, 'bash', ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(started)
  const ended = new Promise<void>((resolve) => started.on('close', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    started.stdout.once('data', (data) => resolve(String(data).trim()))
    void ended.then(() => reject(new Error('the API did not start')))
  })
  const kill = () => {
    started.kill('SIGKILL')
    return ended
  }
  return { url, kill }
}

/** Posts a request; the status, or undefined where no answer came. */
async function post(url: string, fanId: string, messageBody: string): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ ...demand, fanId, messageBody })
  return fetch(`${url}/demands`, { method: 'POST', headers, body }).then(
    async (answer) => {
      await answer.text()
      return answer.status
    },
    () => undefined,
  )
}

async function expectStored(folder: string, accepted: ReadonlySet<string>): Promise<void> {
  const opened = await openEmbeddedTable({ folder, runtime: systemRuntime() })
  const folded = await foldStream(opened)
  for (const fanId of accepted) {
    const key = { PK: `FAN#${fanId}`, SK: 'DEMAND#event-1#sale-1' }
    const item = await opened.table.get(key)
    expect(item, fanId).toMatchObject({ fanId: { S: fanId } })
    expect(folded.get(`${key.PK} ${key.SK}`)).toEqual(item)
  }
  await opened.close()
}

test('an API that is killed at any moment has stored every request that it accepted', async () => {
  const folder = await makeFolder()
  const accepted = new Set<string>()
  for (const [run, enough] of [1, 12, 30, 70].entries()) {
    const { url, kill } = await startApi(folder)
    let isKilled = false
    let reached = () => {}
    const isReached = new Promise<void>((resolve) => {
      reached = resolve
    })
    let count = 0
    const senders = Array.from({ length: 16 }, async (_, sender) => {
      for (let n = 0; !isKilled; n++) {
        const fanId = `fan-${run}-${sender}-${n}`
        if ((await post(url, fanId, 'x'.repeat(n % 900))) === 201) {
          accepted.add(fanId)
          if (++count >= enough) reached()
        }
      }
    })
    await isReached
    await kill()
    isKilled = true
    await Promise.all(senders)
    await expectStored(folder, accepted)
  }
  expect(accepted.size).toBeGreaterThan(50)
})

test('an API whose disk is full says 503, has stored all that it accepted, and goes on when there is room', async () => {
  const folder = await makeFolder()
  const accepted = new Set<string>()
  const full = await startApi(folder, 300)
  const statuses = new Map<number | undefined, number>()
  for (let n = 0; n < 40; n++) {
    const group = Array.from({ length: 10 }, (_, at) => `fan-${n}-${at}`)
    await Promise.all(
      group.map(async (fanId) => {
        const status = await post(full.url, fanId, 'x'.repeat(2000))
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (status === 201) accepted.add(fanId)
      }),
    )
  }
  expect([...statuses.keys()].sort()).toEqual([201, 503])
  expect(accepted.size).toBeGreaterThan(20)
  // It still reads.
  const [first] = accepted
  expect((await fetch(`${full.url}/demands/event-1/sale-1/${first}`)).status).toBe(200)
  await full.kill()
  await expectStored(folder, accepted)
  const roomy = await startApi(folder)
  expect(await post(roomy.url, 'fan-last', 'x')).toBe(201)
  await roomy.kill()
  await expectStored(folder, new Set([...accepted, 'fan-last']))
})
