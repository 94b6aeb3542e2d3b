import type { Clock } from '../../runtime.ts'
import type { Committer } from './commit.ts'
import type { TableDatabase } from './database.ts'
import { expiryAgeSecondsMax } from './item.ts'
import type { TableState } from './rows.ts'

export type Swept = {
  /** Items that the expiry has deleted. */
  readonly expired: number
  /** Changes that have passed their retention and are gone. */
  readonly dropped: number
}

export type SweepOptions = {
  readonly database: TableDatabase
  readonly committer: Committer
  readonly clock: Clock
  readonly retentionMs: number
}

const expiredAtOnce = 1_000
// Writes wait for a transaction that drops so many.
const droppedAtOnce = 2_000

/** The table's upkeep, one run at a time: a call during a run gets that run. */
export function sweepTable(options: SweepOptions): { run: () => Promise<Swept>; done: () => Promise<void> } {
  let running: Promise<Swept> | undefined
  return {
    run() {
      running ??= sweep(options).finally(() => {
        running = undefined
      })
      return running
    },
    async done() {
      // Whoever called `run` hears of a failure.
      await running?.catch(() => undefined)
    },
  }
}

async function sweep(options: SweepOptions): Promise<Swept> {
  const { database, committer } = options
  const expired = await expire(options)
  const dropped = await untilDone(() => committer.alone(() => drop(options)))
  await untilDone(() => committer.alone(() => forget(options)))
  await committer.alone(async () => database.checkpoint())
  return { expired, dropped }
}

/** Repeats a step until it finds less than it may do at once; the sum of what the steps did. */
async function untilDone(step: () => Promise<{ count: number; isDone: boolean }>): Promise<number> {
  for (let sum = 0; ; ) {
    const { count, isDone } = await step()
    sum += count
    if (isDone) return sum
  }
}

/** Deletes as DynamoDB's expiry does, each delete a change of its own. */
async function expire({ database, committer, clock }: SweepOptions): Promise<number> {
  const nowSeconds = Math.floor(clock() / 1000)
  const keys = database.expiring(nowSeconds - expiryAgeSecondsMax, nowSeconds)
  for (let at = 0; at < keys.length; at += expiredAtOnce) {
    const some = keys.slice(at, at + expiredAtOnce)
    await Promise.all(some.map((key) => committer.write({ kind: 'expire', key })))
  }
  return keys.length
}

/** Drops the oldest changes of the stream, and keeps for its readers up to where each shard was dropped. */
async function drop({ database, clock, retentionMs }: SweepOptions) {
  const beforeMs = clock() - retentionMs
  const oldest = database.oldest(droppedAtOnce)
  const kept = oldest.findIndex(({ arrivedMs }) => arrivedMs >= beforeMs)
  const dropped = kept < 0 ? oldest : oldest.slice(0, kept)
  const { state } = database
  // Where nothing is kept, what comes next is the oldest.
  const first = oldest[kept]?.position ?? (dropped.at(-1)?.position ?? state.next - 1) + 1
  if (dropped.length > 0 || first > state.first)
    await database.commit((writer) => {
      writer.dropChanges(first)
      return trim(state, first, dropped)
    })
  return { count: dropped.length, isDone: dropped.length < droppedAtOnce }
}

function trim(state: TableState, first: number, dropped: ReturnType<TableDatabase['oldest']>): TableState {
  // A closed shard whose last change is dropped is not listed any more.
  const shards = state.shards.filter(({ closed }) => closed === undefined || closed > first)
  const trimmed = {
    ...state.trimmed,
    ...Object.fromEntries(dropped.map(({ shard, position }) => [shard, position])),
  }
  return { ...state, first, shards, trimmed: pick(trimmed, shards) }
}

function pick(trimmed: TableState['trimmed'], shards: TableState['shards']): TableState['trimmed'] {
  return Object.fromEntries(Object.entries(trimmed).filter(([id]) => shards.some((shard) => shard.id === id)))
}

/** Forgets deletes of items whose changes are dropped too; what is made anew after that is later than each of them. */
async function forget({ database, clock, retentionMs }: SweepOptions) {
  const beforeMicros = (clock() - retentionMs) * 1000
  const count = database.buried(beforeMicros, droppedAtOnce)
  if (count > 0)
    await database.commit((writer) => {
      const floorMicros = Math.max(database.state.floorMicros, writer.forget(beforeMicros, droppedAtOnce))
      return { ...database.state, floorMicros }
    })
  return { count, isDone: count < droppedAtOnce }
}
