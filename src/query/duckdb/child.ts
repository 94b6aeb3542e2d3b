import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemRuntime } from '../../runtime.ts'
import { nextName } from '../../store/owner.ts'
import type { LoadProgress, QueryEngine } from '../engine.ts'
import { interrupted } from '../failure.ts'
import { openInProcess } from './engine.ts'
import type { ArchiveCall, CallReply, FromChild, Opening, Request, SentStatement } from './protocol.ts'
import { rowsAhead, toSent } from './protocol.ts'
import { splitRows } from './rows.ts'
import { createRemoteStore } from './store.ts'

// The process that runs statements: an engine, and the statement that it is asked for. It ends when its parent does.

/** A Ctrl-C on a terminal reaches every process in front; the parent decides what it means. */
process.on('SIGINT', () => {})

const send = (message: FromChild) => {
  // Where the parent is gone, `disconnect` says so.
  process.send?.(message, () => {})
}

const replies = new Map<number, (reply: CallReply) => void>()
let calls = 0
const ask = (call: ArchiveCall) =>
  new Promise<CallReply>((resolve) => {
    const id = ++calls
    replies.set(id, resolve)
    send({ what: 'call', id, call })
  })

let opening: Opening | undefined
let engine: Promise<QueryEngine> | undefined
/** What the names of this process's own files in the cache begin with. */
let ownFiles: string | undefined

async function open(given: Opening): Promise<QueryEngine> {
  opening = given
  ownFiles = `new-${(await nextName()).replace(/\d+$/, '')}`
  const { url, folder, isTemporary: _, ...parts } = given
  return openInProcess({
    ...parts,
    store: createRemoteStore(url, ask),
    cache: { folder },
    runtime: systemRuntime(),
  })
}

/** The statement that runs: how it is ended, and how many messages of rows it may send. */
type Running = {
  readonly n: number
  readonly stop: AbortController
  rowsLeft: number
  onMore: () => void
  onLoaded: () => void
}
let running: Running | undefined

async function run(n: number, statement: SentStatement): Promise<void> {
  const stop = new AbortController()
  const own: Running = { n, stop, rowsLeft: rowsAhead, onMore: () => {}, onLoaded: () => {} }
  running = own
  stop.signal.addEventListener('abort', () => own.onMore(), { once: true })
  try {
    if (!engine) throw new Error('nothing was opened')
    await answer(own, await engine, statement)
  } catch (error) {
    send({ what: 'failed', n, error: toSent(error) })
  }
}

async function answer(own: Running, { query, exportParquet }: QueryEngine, statement: SentStatement) {
  const { n, stop } = own
  const { sql, path, dialect, rowsMax, isWatched } = statement
  const options = {
    signal: stop.signal,
    ...(dialect && { dialect }),
    ...(rowsMax !== undefined && { rowsMax }),
    ...(isWatched && { onLoad: progressOf(own) }),
  }
  if (path !== undefined) {
    const { rows, scan } = await exportParquet(sql, path, options)
    return send({ what: 'done', n, rows, ...(scan && { scan }) })
  }
  const { columns, scan, rows } = await query(sql, options)
  send({ what: 'result', n, columns, ...(scan && { scan }) })
  let count = 0
  for await (const found of rows)
    for (const part of splitRows(found)) {
      await mayAnswer(own)
      count += part.length
      send({ what: 'rows', n, rows: part })
    }
  send({ what: 'done', n, rows: count })
}

/** Waits until a further message of rows may be sent. Throws where the statement is ended. */
async function mayAnswer(own: Running): Promise<void> {
  while (own.rowsLeft === 0 && !own.stop.signal.aborted)
    await new Promise<void>((resolve) => {
      own.onMore = resolve
    })
  if (own.stop.signal.aborted) throw interrupted()
  own.rowsLeft -= 1
}

/** Sends progress, the latest at a time, and waits for nobody. */
function progressOf(own: Running): (progress: LoadProgress) => Promise<void> {
  let next: LoadProgress | undefined
  let isShown = true
  const show = () => {
    isShown = next === undefined
    if (next) send({ what: 'loading', n: own.n, progress: next })
    next = undefined
  }
  own.onLoaded = show
  return async (progress) => {
    next = progress
    if (isShown) show()
  }
}

/** Ends this process, and leaves no file of its own; a statement that cannot be ended ends with it. */
function leave(isParentGone: boolean): void {
  try {
    const { folder = '', isTemporary = false } = opening ?? {}
    const names =
      ownFiles === undefined ? [] : readdirSync(folder).filter((name) => name.startsWith(`${ownFiles}`))
    for (const name of names) rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 3 })
    if (isParentGone && isTemporary) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}

process.on('disconnect', () => leave(true))
process.on('message', (request: Request) => {
  const current = 'n' in request && request.n === running?.n ? running : undefined
  switch (request.what) {
    case 'open':
      engine = open(request.opening)
      engine.then(
        () => send({ what: 'opened' }),
        (error: unknown) => send({ what: 'failed', n: 0, error: toSent(error) }),
      )
      break
    case 'run':
      void run(request.n, request.statement)
      break
    case 'more':
      if (current) {
        current.rowsLeft += 1
        current.onMore()
      }
      break
    case 'loaded':
      current?.onLoaded()
      break
    case 'stop':
      current?.stop.abort()
      break
    case 'reply':
      replies.get(request.id)?.(request.reply)
      replies.delete(request.id)
      break
    case 'close':
      leave(false)
  }
})
