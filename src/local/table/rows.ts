import { crc32 } from 'node:zlib'
import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import type { ShardState } from '../stream/shards.ts'
import type { Current, Stored } from './decide.ts'
import { DamagedTable } from './failure.ts'

/** What the table knows beside its items and changes. Replaced, never changed. */
export type TableState = {
  /** The position of the oldest change that is kept; `next` where none is. */
  readonly first: number
  /** The position that the next change will get. */
  readonly next: number
  /** When the newest change was added, in milliseconds since 1970. */
  readonly newestMs: number
  /** No item that was deleted and forgotten has changed after this time. */
  readonly floorMicros: number
  readonly shards: readonly ShardState[]
  /** By shard: the position of the last of its changes that was dropped at the end of its retention. */
  readonly trimmed: { readonly [shard: string]: number }
}

/** A change in the stream. */
export type ChangeRow = {
  readonly position: number
  /** The shard's name. */
  readonly shard: string
  /** When it was added, in milliseconds since 1970. */
  readonly arrivedMs: number
  readonly partitionKey: string
  readonly bytes: Uint8Array
}

/** What a transaction may do. */
export type RowWriter = {
  /** An item without `stored` was deleted: its time is remembered. */
  setItem(key: string, micros: number, stored: Stored | undefined): void
  addChange(change: ChangeRow): void
  /** Drops the changes before a position. */
  dropChanges(before: number): void
  /** Forgets the oldest of the deletes that were made before a time, at most so many; the time of the last of them. */
  forget(beforeMicros: number, countMax: number): number
}

export type RowReads = {
  /** The item of a key as it is, and when it last changed, where that is known. */
  item(key: string): Current
  /** The changes of a shard, in order. */
  changes(shard: string, from: number, before: number): Iterable<ChangeRow>
  /** The oldest changes, of whatever shard, without their bytes. */
  oldest(count: number): readonly Pick<ChangeRow, 'position' | 'shard' | 'arrivedMs'>[]
  /** Keys of items that expire after the one time and before the other, in epoch seconds. */
  expiring(afterSeconds: number, beforeSeconds: number): readonly string[]
  /** How many items were deleted before a time and are not forgotten, counted up to a limit. */
  buried(beforeMicros: number, countMax: number): number
}

export const schema = `
  CREATE TABLE item (
    key TEXT NOT NULL PRIMARY KEY,
    micros INTEGER NOT NULL,
    -- Epoch seconds; NULL where the item does not expire.
    expiry NUMERIC,
    crc INTEGER NOT NULL,
    -- NULL where the item was deleted.
    text TEXT
  );
  CREATE INDEX item_expiry ON item (expiry) WHERE expiry IS NOT NULL;
  CREATE INDEX item_deleted ON item (micros) WHERE text IS NULL;
  CREATE TABLE change (
    position INTEGER PRIMARY KEY,
    shard TEXT NOT NULL,
    arrivedMs NUMERIC NOT NULL,
    partitionKey TEXT NOT NULL,
    crc INTEGER NOT NULL,
    bytes BLOB NOT NULL
  );
  CREATE INDEX change_shard ON change (shard);
  CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), crc INTEGER NOT NULL, text TEXT NOT NULL);
`

/** The first row that a statement gives. */
export function readFirstRow<T>(connection: DatabaseSyncInstance, sql: string): T {
  return connection.prepare(sql).get() as T
}

/** Stores a state in the transaction under way. */
export function prepareState(connection: DatabaseSyncInstance): (state: TableState) => void {
  const put = connection.prepare('INSERT OR REPLACE INTO state (id, crc, text) VALUES (1, ?, ?)')
  return (state) => {
    const text = JSON.stringify(state)
    put.run(crc32(text), text)
  }
}

/** @throws DamagedTable */
export function readState(connection: DatabaseSyncInstance): TableState {
  const row = readFirstRow<{ crc: number; text: string } | undefined>(
    connection,
    'SELECT crc, text FROM state',
  )
  if (row?.crc !== crc32(row?.text ?? '')) throw new DamagedTable('table.db is damaged (its state)')
  return JSON.parse(row.text) as TableState
}

/** The statements that read. Each throws DamagedTable for a row that is not as it was written. */
export function prepareReads(connection: DatabaseSyncInstance): RowReads {
  const item = connection.prepare('SELECT micros, expiry, crc, text FROM item WHERE key = ?')
  const changes = connection.prepare(
    'SELECT * FROM change WHERE shard = ? AND position >= ? AND position < ? ORDER BY position',
  )
  const oldest = connection.prepare('SELECT position, shard, arrivedMs FROM change ORDER BY position LIMIT ?')
  const expiring = connection.prepare('SELECT key FROM item WHERE expiry > ? AND expiry < ?')
  const buried = connection.prepare(`SELECT count(*) AS count FROM (SELECT 1 ${oldestDeletes})`)
  return {
    item(key) {
      const row = item.get(key) as ItemRow | undefined
      if (row === undefined) return {}
      const { micros, expiry, crc, text } = row
      if (crc !== itemCrc(key, row)) throw new DamagedTable('table.db is damaged (an item)')
      if (text === null) return { micros }
      return { micros, stored: { text, micros, ...(expiry !== null && { expirySeconds: expiry }) } }
    },
    *changes(shard, from, before) {
      for (const row of changes.iterate(shard, from, before) as Iterable<ChangeRow & { crc: number }>) {
        const { crc, ...change } = row
        if (crc !== changeCrc(change)) throw new DamagedTable('table.db is damaged (a change)')
        yield change
      }
    },
    oldest: (count) => oldest.all(count) as ReturnType<RowReads['oldest']>,
    expiring: (afterSeconds, beforeSeconds) =>
      (expiring.all(afterSeconds, beforeSeconds) as { key: string }[]).map(({ key }) => key),
    buried: (beforeMicros, countMax) => (buried.get(beforeMicros, countMax) as { count: number }).count,
  }
}

const oldestDeletes = 'FROM item WHERE text IS NULL AND micros < ? ORDER BY micros LIMIT ?'

type ItemRow = {
  readonly micros: number
  readonly expiry: number | null
  readonly crc: number
  readonly text: string | null
}

function itemCrc(key: string, { micros, expiry, text }: Omit<ItemRow, 'crc'>): number {
  return crc32(`${micros} ${expiry} ${key}\n${text}`)
}

function changeCrc({ position, shard, arrivedMs, partitionKey, bytes }: ChangeRow): number {
  return crc32(bytes, crc32(`${position} ${shard} ${arrivedMs} ${partitionKey}`))
}

/** The statements that change a row, in the transaction under way. */
export function prepareWrites(connection: DatabaseSyncInstance): RowWriter {
  const setItem = connection.prepare(
    `INSERT INTO item (key, micros, expiry, crc, text) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET micros = excluded.micros, expiry = excluded.expiry, crc = excluded.crc, text = excluded.text`,
  )
  const addChange = connection.prepare(
    'INSERT INTO change (position, shard, arrivedMs, partitionKey, crc, bytes) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const dropChanges = connection.prepare('DELETE FROM change WHERE position < ?')
  const lastDelete = connection.prepare(`SELECT max(micros) AS micros FROM (SELECT micros ${oldestDeletes})`)
  const forget = connection.prepare(`DELETE FROM item WHERE rowid IN (SELECT rowid ${oldestDeletes})`)
  return {
    setItem(key, micros, stored) {
      const row = { micros, expiry: stored?.expirySeconds ?? null, text: stored?.text ?? null }
      setItem.run(key, micros, row.expiry, itemCrc(key, row), row.text)
    },
    addChange(change) {
      const { position, shard, arrivedMs, partitionKey, bytes } = change
      addChange.run(position, shard, arrivedMs, partitionKey, changeCrc(change), bytes)
    },
    dropChanges(before) {
      dropChanges.run(before)
    },
    forget(beforeMicros, countMax) {
      const { micros } = lastDelete.get(beforeMicros, countMax) as { micros: number | null }
      forget.run(beforeMicros, countMax)
      return micros ?? 0
    },
  }
}
