// The capture API under slow clients: an ordinary client's latency alone, beside 1,000 clients that stop within their
// headers and connect again when they are cut off, and beside 100 that send requests without reading an answer. Takes about
// half a minute; the memory is that of the whole `dmd up`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const seconds = 8
const folder = mkdtempSync(join(tmpdir(), 'dmd-bench-capture-'))
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const places = ['--archive', join(folder, 'archive'), '--state', join(folder, 'state')]
const child = spawn(process.execPath, [main, 'up', '--json', '--port', '0', ...places], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const [first] = await once(child.stdout, 'data')
  const url = new URL(JSON.parse(String(first)).url)
  await measure('alone', url, 0, '')
  const half = 'GET /health HTTP/1.1\r\nhost: localhost\r\n'
  await measure('1,000 slow clients', url, 1_000, half)
  await measure('100 clients that read nothing', url, 100, `${half}\r\n`.repeat(500))
} finally {
  child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}

/** An ordinary client's requests, one after the other, beside so many clients that send a text and wait. */
async function measure(name: string, url: URL, clients: number, text: string): Promise<void> {
  const others = new Set<Socket>()
  let isOver = false
  let cutOff = 0
  const open = () => {
    if (isOver) return
    const socket = connect({ port: Number(url.port), host: url.hostname, allowHalfOpen: true })
    others.add(socket)
    socket.on('connect', () => socket.write(text)).on('error', () => undefined)
    socket
      .on('end', () => socket.destroy())
      .on('close', () => {
        others.delete(socket)
        cutOff += 1
        // No sooner than this, as a client that tries again would.
        setTimeout(open, 100)
      })
  }
  for (let n = 0; n < clients; n++) open()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const latencies: number[] = []
  let failed = 0
  let peakMb = 0
  const endMs = performance.now() + seconds * 1000
  for (let n = 0; performance.now() < endMs; n++) {
    const startMs = performance.now()
    const body = JSON.stringify({ fanId: `${name.length}-${n}`, eventId: 'event-1', saleId: 'sale-1' })
    const isStored = await fetch(`${url.origin}/demands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    }).then(
      async (response) => {
        await response.arrayBuffer()
        return response.status === 201
      },
      () => false,
    )
    if (isStored) latencies.push(performance.now() - startMs)
    else failed += 1
    peakMb = Math.max(peakMb, residentMb())
  }
  isOver = true
  for (const socket of others) socket.destroy()
  latencies.sort((a, b) => a - b)
  const at = (share: number) => (latencies[Math.floor(latencies.length * share)] ?? Number.NaN).toFixed(1)
  console.log(
    `${name.padEnd(30)} ${latencies.length} stored, ${failed} failed, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ` +
      `${cutOff} connections cut off, ${peakMb} MB`,
  )
}

function residentMb(): number {
  const [, kb = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
}
