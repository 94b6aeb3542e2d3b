import { createHash } from 'node:crypto'
import type { Clock } from '../../runtime.ts'
import { hashKey, isInRange } from '../stream/shards.ts'
import type { WriteOutcome } from '../table.ts'
import type { TableDatabase } from './database.ts'
import { type Current, type DecideRules, decide, type Write } from './decide.ts'
import { tableUnavailable, toTableError } from './failure.ts'
import type { ChangeRow } from './rows.ts'

export type Committer = {
  /** Resolves when the write is durable and the item is as it says. */
  write(write: Write): Promise<WriteOutcome>
  /** Runs work while nothing is being written, in its turn. */
  alone<T>(work: () => Promise<T>): Promise<T>
  /** Resolves when all that was asked for is done; nothing may be asked for after that. */
  close(): Promise<void>
}

export type CommitOptions = {
  readonly database: TableDatabase
  readonly rules: Omit<DecideRules, 'floorMicros'>
  readonly clock: Clock
  /** Called when changes were added to the stream. */
  readonly onChanges: () => void
}

type Waiting = { readonly resolve: (value: WriteOutcome) => void; readonly reject: (error: unknown) => void }
type Job = Waiting & { readonly write: Write }
type Alone = { readonly alone: () => Promise<void> }

const groupWritesMax = 1_000
const groupBytesMax = 8 * 1024 * 1024
const queueMax = 20_000

/**
 * Writes in groups, each a transaction: while one is on its way to the disk, the next gathers, and one sync serves it
 * all. A write is decided when its group's turn comes, upon the items as the groups before have left them; it shows to
 * readers and to its writer only once it is durable. When a group cannot be written, none of it happened.
 */
export function createCommitter({ database, rules, clock, onChanges }: CommitOptions): Committer {
  const queue: (Job | Alone)[] = []
  let running: Promise<void> | undefined
  let isClosed = false

  function add(job: Job | Alone): void {
    queue.push(job)
    running ??= run()
  }

  async function run(): Promise<void> {
    // Whatever is asked for in this turn of the event loop goes into the first group.
    await Promise.resolve()
    while (queue.length > 0) {
      const first = queue[0]!
      if ('alone' in first) {
        queue.shift()
        await first.alone()
      } else {
        const stop = queue.findIndex((job) => 'alone' in job)
        const count = Math.min(stop < 0 ? queue.length : stop, groupWritesMax)
        await commit(queue.splice(0, count) as Job[])
      }
    }
    // At once, not when the promise is heard of: what is asked for in between must start a run of its own.
    running = undefined
  }

  async function commit(group: readonly Job[]): Promise<void> {
    const reject = (jobs: readonly Job[], error: unknown) => {
      const reason = toTableError('write', error)
      for (const job of jobs) job.reject(reason)
    }
    let plan: GroupPlan
    try {
      plan = planGroup(group, database, rules, clock())
    } catch (error) {
      return reject(group, error)
    }
    // What found no room is first in the next group.
    queue.unshift(...group.slice(plan.outcomes.length))
    const jobs = group.slice(0, plan.outcomes.length)
    try {
      if (plan.changes.length > 0) await store(plan)
    } catch (error) {
      return reject(jobs, error)
    }
    for (const [at, { resolve }] of jobs.entries()) resolve(plan.outcomes[at]!)
  }

  async function store({ changes, items, nowMs }: GroupPlan): Promise<void> {
    await database.commit((writer) => {
      for (const change of changes) writer.addChange(change)
      for (const [key, { micros, stored }] of items) writer.setItem(key, micros, stored)
      const next = database.state.next + changes.length
      return { ...database.state, next, newestMs: nowMs }
    })
    onChanges()
  }

  return {
    async write(write) {
      if (isClosed) throw tableUnavailable('the table is closed')
      if (queue.length >= queueMax) throw tableUnavailable('too many writes are waiting for the disk')
      return new Promise((resolve, reject) => add({ write, resolve, reject }))
    },
    async alone(work) {
      if (isClosed) throw tableUnavailable('the table is closed')
      return new Promise((resolve, reject) => {
        const turn = async () => work()
        add({ alone: () => turn().then(resolve, reject) })
      })
    },
    async close() {
      isClosed = true
      await running
    },
  }
}

type GroupPlan = {
  readonly nowMs: number
  /** One for each write that found room, from the first on. */
  readonly outcomes: readonly WriteOutcome[]
  readonly changes: readonly ChangeRow[]
  /** By key: what the item will be, and when it changed. */
  readonly items: ReadonlyMap<string, Current & { readonly micros: number }>
}

/** Decides the writes one upon the other, until they are many bytes. */
function planGroup(
  group: readonly Job[],
  database: TableDatabase,
  rules: CommitOptions['rules'],
  nowMs: number,
): GroupPlan {
  const { next, floorMicros } = database.state
  const items = new Map<string, Current & { readonly micros: number }>()
  const changes: ChangeRow[] = []
  const outcomes: WriteOutcome[] = []
  let bytes = 0
  for (const { write } of group) {
    if (bytes > groupBytesMax) break
    const current = items.get(write.key) ?? database.item(write.key)
    const { outcome, change } = decide(write, current, nowMs, { ...rules, floorMicros })
    outcomes.push(outcome)
    if (change === undefined) continue
    items.set(write.key, { micros: change.micros, ...(change.after && { stored: change.after }) })
    const added = toChange(next + changes.length, write.key, change.envelope, database, nowMs)
    changes.push(added)
    bytes += added.bytes.length
  }
  return { nowMs, outcomes, changes, items }
}

/**
 * The partition key keeps all changes of an item in one shard and tells nothing of it: it is the MD5 of its key, in
 * the form that the service's own partition keys have.
 */
function toChange(
  position: number,
  key: string,
  envelope: string,
  { state }: TableDatabase,
  arrivedMs: number,
): ChangeRow {
  const partitionKey = createHash('md5').update(key, 'utf8').digest('hex').toUpperCase()
  const hash = hashKey(partitionKey)
  const shard = state.shards.find((candidate) => candidate.closed === undefined && isInRange(candidate, hash))
  // The open shards divide all hash keys among them.
  if (shard === undefined) throw new Error('no shard takes the change')
  return { position, shard: shard.id, arrivedMs, partitionKey, bytes: Buffer.from(envelope, 'utf8') }
}
