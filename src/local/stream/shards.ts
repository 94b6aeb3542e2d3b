import { createHash } from 'node:crypto'

/**
 * A shard takes the partition keys whose MD5 lies in its range, as in Kinesis
 * (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_HashKeyRange.html). Hash keys are 32 hexadecimal digits.
 */
export type ShardState = {
  readonly id: string
  readonly parents: readonly string[]
  readonly from: string
  /** Included. */
  readonly to: string
  /** The position of the first change that can be in it. */
  readonly opened: number
  /** The position behind the last one; undefined while the shard is open. */
  readonly closed?: number
}

/** How the shards are to change: one becomes two halves, or two neighbours become one. */
export type Reshard = { readonly split: string } | { readonly merge: readonly [string, string] }

const hashKeys = 1n << 128n

/** The hash key of a partition key. */
export function hashKey(partitionKey: string): string {
  return createHash('md5').update(partitionKey, 'utf8').digest('hex')
}

/** Shards that divide the hash keys among them evenly. */
export function createShards(count: number, opened: number): ShardState[] {
  const start = (n: number) => (hashKeys * BigInt(n)) / BigInt(count)
  return Array.from({ length: count }, (_, n) => ({
    id: shardId(n),
    parents: [],
    from: hex(start(n)),
    to: hex(start(n + 1) - 1n),
    opened,
  }))
}

/** Whether the shard takes the hash key. */
export function isInRange(shard: ShardState, hash: string): boolean {
  return hash >= shard.from && hash <= shard.to
}

/**
 * The shards after the change: the parents closed at the position, their children open from it on.
 *
 * @throws TypeError when a shard is not open, cannot be halved, or the two are no neighbours.
 */
export function reshard(shards: readonly ShardState[], change: Reshard, position: number): ShardState[] {
  const names = 'split' in change ? [change.split] : change.merge
  const parents = names.map((name) => {
    const found = shards.find((shard) => shard.id === name)
    if (found === undefined || found.closed !== undefined)
      throw new TypeError(`there is no open shard ${name}`)
    return found
  })
  const ranges = 'split' in change ? halves(parents[0]!) : [joined(parents)]
  const from = 1 + Math.max(...shards.map((shard) => Number(shard.id.slice(idPrefix.length))))
  const children = ranges.map((range, n) => ({
    id: shardId(from + n),
    parents: parents.map(({ id }) => id),
    ...range,
    opened: position,
  }))
  return [
    ...shards.map((shard) => (parents.includes(shard) ? { ...shard, closed: position } : shard)),
    ...children,
  ]
}

type Range = Pick<ShardState, 'from' | 'to'>

function halves({ from, to }: ShardState): Range[] {
  const [low, high] = [BigInt(`0x${from}`), BigInt(`0x${to}`)]
  if (low === high) throw new TypeError('a shard of one hash key cannot be split')
  const middle = (low + high) / 2n
  return [
    { from, to: hex(middle) },
    { from: hex(middle + 1n), to },
  ]
}

function joined(parents: readonly ShardState[]): Range {
  const [low, high] = [...parents].sort((a, b) => (a.from < b.from ? -1 : 1)) as [ShardState, ShardState]
  if (BigInt(`0x${low.to}`) + 1n !== BigInt(`0x${high.from}`))
    throw new TypeError('only shards whose ranges touch can be merged')
  return { from: low.from, to: high.to }
}

const idPrefix = 'shardId-'

function shardId(n: number): string {
  return `${idPrefix}${String(n).padStart(12, '0')}`
}

function hex(value: bigint): string {
  return value.toString(16).padStart(32, '0')
}
