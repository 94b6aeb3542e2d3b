import { fstatSync } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import { unless } from '../../store/failure.ts'
import { syncFolder } from '../../store/folder.ts'
import type { Current } from './decide.ts'
import { DamagedTable, sqliteCode, tableUnavailable } from './failure.ts'
import {
  prepareReads,
  prepareState,
  prepareWrites,
  type RowReads,
  type RowWriter,
  readFirstRow,
  readState,
  schema,
  type TableState,
} from './rows.ts'
import { losesCommits } from './wal.ts'

/**
 * The table in an SQLite database. Items and state are those of the last transaction that is durable. An error of SQLite or of the
 * file system passes as it is; DamagedTable says that a file is not as it was written.
 */
export type TableDatabase = RowReads & {
  readonly state: TableState
  /**
   * Runs `work` in a transaction, which stores the state that it returns. Resolves when all of it is durable; when it
   * rejects, none of it is seen. One call at a time. After a failed sync it is unknown what the disk holds: every
   * later call rejects.
   */
  commit(work: (writer: RowWriter) => TableState): Promise<void>
  /** Moves what is in the write-ahead log into the database, if it is long. */
  checkpoint(): void
  close(): Promise<void>
}

export type DatabaseOptions = {
  /** The state of a table that is made now. */
  readonly initial: () => TableState
  /** A longer write-ahead log is moved into the database. */
  readonly walBytesMax: number
}

// Bytes 68–71 of the file (https://www.sqlite.org/fileformat2.html#application_id), "dmdO" while a process has the table
// open and "dmdC" after it was closed. While it is open there is a write-ahead log, without which changes are missing.
const opened = 0x646d644f
const closed = 0x646d6443
const idOffset = 68
const format = 1
/**
 * Connections that could not be closed in order. SQLite moves the write-ahead log into the database and deletes it when
 * a connection is collected as garbage; while the database is marked as open, the next process needs that log.
 */
const unclosed = new Set<DatabaseSyncInstance>()

/** Opens the database in a folder that this process alone uses, or makes one. @throws DamagedTable */
export async function openTableDatabase(folder: string, options: DatabaseOptions): Promise<TableDatabase> {
  const path = join(folder, 'table.db')
  const mayBeNew = await checkFiles(path)
  // Made here, so that it and the files beside it, which get its rights, are readable to this user alone.
  await (await open(path, 'a', 0o600)).close()
  const { DatabaseSync } = await import('@photostructure/sqlite')
  const connection = new DatabaseSync(path)
  let wal: FileHandle | undefined
  try {
    const isNew = mayBeNew && isEmpty(connection)
    if (!isNew) verify(connection)
    begin(connection, isNew ? options.initial() : undefined)
    // Windows syncs only what is open for writing.
    wal = await open(walOf(path), 'r+')
    await wal.datasync()
    await syncFolder(folder)
    truncate(connection)
    return connect(connection, wal, options)
  } catch (error) {
    await wal?.close()
    unclosed.add(connection)
    throw error
  }
}

function walOf(path: string): string {
  return `${path}-wal`
}

/**
 * Whether the file was never marked as a table's.
 *
 * @throws DamagedTable when one of the two files is missing, or the write-ahead log is damaged.
 */
async function checkFiles(path: string): Promise<boolean> {
  const header = Buffer.alloc(100)
  const bytes = await unless(['ENOENT'], readStart(path, header))
  const wal = await unless(['ENOENT'], readFile(walOf(path)))
  if (!bytes && wal?.length) throw new DamagedTable('table.db is missing')
  if (bytes && !wal && header.readUInt32BE(idOffset) === opened)
    throw new DamagedTable('table.db-wal is missing, which holds the newest changes')
  if (wal && losesCommits(wal))
    throw new DamagedTable('table.db-wal is damaged before changes that were acknowledged')
  return !bytes || (bytes === header.length && header.readUInt32BE(idOffset) === 0)
}

async function readStart(path: string, into: Buffer): Promise<number> {
  const handle = await open(path, 'r')
  try {
    return (await handle.read(into, 0, into.length, 0)).bytesRead
  } finally {
    await handle.close()
  }
}

/** Whether there is no table yet: none was made, or whoever made it was killed before its first commit. */
function isEmpty(connection: DatabaseSyncInstance): boolean {
  const { user_version: version } = readFirstRow<{ user_version: number }>(connection, 'PRAGMA user_version')
  return version === 0 && readFirstRow(connection, 'SELECT name FROM sqlite_schema') === undefined
}

/** @throws DamagedTable */
function verify(connection: DatabaseSyncInstance): void {
  const version = readFirstRow<{ user_version: number }>(connection, 'PRAGMA user_version').user_version
  if (version !== format)
    throw new DamagedTable(`table.db has format ${version}, and this is format ${format}`)
  const { integrity_check: found } = readFirstRow<{ integrity_check: string }>(
    connection,
    'PRAGMA integrity_check(1)',
  )
  if (found !== 'ok') throw new DamagedTable(`table.db is damaged (${found.replaceAll(/\s+/g, ' ')})`)
}

/** Marks the database as open, which is to be on the disk before anything else is written. */
function begin(connection: DatabaseSyncInstance, initial: TableState | undefined): void {
  connection.exec('PRAGMA journal_mode = WAL')
  // Commits are synced here, without holding up the process meanwhile; SQLite syncs at checkpoints.
  connection.exec(
    'PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA checkpoint_fullfsync = ON; BEGIN IMMEDIATE',
  )
  if (initial) {
    connection.exec(`${schema} PRAGMA user_version = ${format}`)
    prepareState(connection)(initial)
  }
  connection.exec(`PRAGMA application_id = ${opened}; COMMIT`)
}

/** Moves all of the write-ahead log into the database, durably. */
function truncate(connection: DatabaseSyncInstance): void {
  const { busy } = readFirstRow<{ busy: number }>(connection, 'PRAGMA wal_checkpoint(TRUNCATE)')
  if (busy !== 0) throw new Error('another connection uses the database')
}

function connect(
  connection: DatabaseSyncInstance,
  wal: FileHandle,
  { walBytesMax }: DatabaseOptions,
): TableDatabase {
  const select = prepareReads(connection)
  const put = prepareState(connection)
  const changer = prepareWrites(connection)
  let state = readState(connection)
  /** What items were before a transaction that is committed, and not yet on the disk. */
  const before = new Map<string, Current>()
  let failure: unknown

  const writer: RowWriter = {
    ...changer,
    setItem(key, micros, stored) {
      before.set(key, select.item(key))
      changer.setItem(key, micros, stored)
    },
  }

  function run(work: () => void): void {
    connection.exec('BEGIN IMMEDIATE')
    try {
      work()
      connection.exec('COMMIT')
    } catch (error) {
      if (connection.isTransaction) connection.exec('ROLLBACK')
      before.clear()
      throw error
    }
  }

  async function sync(): Promise<void> {
    try {
      await wal.datasync()
    } catch (error) {
      failure = tableUnavailable(
        `the table's disk failed (${sqliteCode(error)}), and what it holds is known only once the table is opened again. Check the disk, then restart`,
        error,
      )
      throw failure
    }
  }

  function checkpoint(): void {
    if (fstatSync(wal.fd).size > walBytesMax) truncate(connection)
  }

  return {
    ...select,
    get state() {
      return state
    },
    item: (key) => before.get(key) ?? select.item(key),
    async commit(work) {
      if (failure !== undefined) throw failure
      let next = state
      run(() => {
        next = work(writer)
        put(next)
      })
      // Changes that are dropped cannot be read any more.
      state = { ...state, first: next.first, trimmed: next.trimmed }
      await sync()
      state = next
      before.clear()
      try {
        checkpoint()
      } catch {
        // What was committed is durable all the same. The checkpoint of the next sweep reports what is wrong.
      }
    },
    checkpoint,
    async close() {
      unclosed.add(connection)
      try {
        if (failure !== undefined) return
        run(() => connection.exec(`PRAGMA application_id = ${closed}`))
        await sync()
        // Moves the write-ahead log into the database, and deletes it.
        connection.exec('PRAGMA journal_mode = DELETE')
        connection.close()
        unclosed.delete(connection)
      } catch {
        // The disk is full, or worse. All that was acknowledged is in the two files, which stay as they are.
      } finally {
        await wal.close()
      }
    },
  }
}
