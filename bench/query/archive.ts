import { loadCatalog } from '../../src/catalog.ts'
import { encodeValue } from '../../src/codec/avro.ts'
import { writeContainer } from '../../src/codec/container.ts'
import { readRow } from '../../src/delivery/row.ts'
import { toRules } from '../../src/delivery/rules.ts'
import type { RecordValue } from '../../src/record/type.ts'
import { simulate } from '../../src/sample/simulator.ts'
import { readSettings } from '../../src/settings.ts'
import { openDirectoryStore } from '../../src/store/directory.ts'

const dayMs = 86_400_000
const firstDayMs = Date.UTC(2025, 0, 15)

/**
 * Fills a folder with simulated demand: so many files of so many rows, over `days` days from 2025-01-15, deflated as
 * the worker does. Every row is of another fan, and of one of 200 events.
 */
export async function fillArchive(
  folder: string,
  { files, rowsPerFile, days }: { files: number; rowsPerFile: number; days: number },
): Promise<void> {
  const store = await openDirectoryStore(folder)
  const rules = toRules(loadCatalog(), readSettings({}))
  const lines = simulate({ fans: rowsPerFile, minutes: 5, badPercent: 0, seed: 'bench' })
  const templates: RecordValue[] = []
  let schema = rules.catalog.get('demand')
  for (const { bytes } of lines) {
    const row = readRow({ payload: bytes, sequence: '0' }, rules)
    if (row.ok && row.schema.type === 'demand' && templates.length < rowsPerFile) {
      templates.push(row.row)
      schema = row.schema
    }
  }
  if (!schema || templates.length < rowsPerFile) throw new Error('the simulation has too few requests')
  const { avro, row: type } = schema
  for (let file = 0; file < files; file++) {
    const shiftMs = firstDayMs + Math.floor((file * days) / files) * dayMs - Date.UTC(2025, 1, 13)
    const rows = templates.map((row, n) => encodeValue(type, vary(row, file * rowsPerFile + n, shiftMs)))
    const sync = Buffer.alloc(16)
    sync.writeUInt32LE(file + 1)
    const bytes = writeContainer({ schema: avro, codec: 'deflate', metadata: new Map(), sync }, rows)
    const day = new Date(Date.UTC(2025, 1, 13) + shiftMs).toISOString().slice(0, 10)
    await store.put(`data/demand/partition_date=${day}/${String(file).padStart(6, '0')}.avro`, bytes)
  }
}

function vary(row: RecordValue, n: number, shiftMs: number): RecordValue {
  const fanId = `fan-${n.toString(36).padStart(8, '0')}`
  // Few events have most of the requests.
  const eventId = `evt-${Math.floor(200 * ((n * 0.618034) % 1) ** 3)}`
  const saleId = String(row.saleId)
  const change = row.change as RecordValue
  const id = n
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  return {
    ...row,
    fanId,
    eventId,
    email: `${fanId}@fans.example`,
    phoneNumber: `+1202${String(n).padStart(7, '0')}`,
    date: shift(row.date as RecordValue, shiftMs),
    requestedDateTime: later(row.requestedDateTime ?? null, shiftMs),
    reference: {
      id: `${eventId}_${saleId}_${fanId}`,
      timestamp: later((row.reference as RecordValue).timestamp ?? null, shiftMs),
    },
    change: {
      ...change,
      id,
      timestamp: later(change.timestamp ?? null, shiftMs),
      micros: Number(change.micros) + shiftMs * 1000,
      key: `{"PK":{"S":"FAN#${fanId}"},"SK":{"S":"DEMAND#${eventId}#${saleId}"}}`,
      sequence: String(49_600_000_000_000 + n).padStart(60, '0'),
    },
  }
}

function shift(dates: RecordValue, shiftMs: number): RecordValue {
  return Object.fromEntries(Object.entries(dates).map(([name, value]) => [name, later(value, shiftMs)]))
}

function later(value: RecordValue[string], shiftMs: number): RecordValue[string] {
  return typeof value === 'number' ? value + shiftMs : value
}
