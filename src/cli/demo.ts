import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { toRules } from '../delivery/rules.ts'
import type { Delivery } from '../delivery/worker.ts'
import { triage } from '../errors/triage.ts'
import type { Cell, QueryEngine, QueryResult } from '../query/engine.ts'
import { formatTable } from '../query/format.ts'
import { openEngine } from '../query/open.ts'
import { PipelineError } from '../record/error.ts'
import type { Catalog } from '../record/schema.ts'
import { changesPerNotice } from '../sample/simulator/life.ts'
import { countSimulation, type SimulationOptions, simulate } from '../sample/simulator.ts'
import { makeFolders } from '../store/newfolder.ts'
import { openStore } from '../store/open.ts'
import type { ObjectStore } from '../store/store.ts'
import { columns } from './columns.ts'
import {
  catalogFor,
  type ExitCode,
  exitCodes,
  type Run,
  settingsFor,
  UsageError,
  wholeNumber,
} from './command.ts'
import { commandLines, commandText, quoted } from './commandline.ts'
import { deliverInput } from './deliver.ts'
import { mend } from './demo/mend.ts'
import { count, duration, type Io, size, style, wrapped } from './io.ts'
import { openInput } from './lines.ts'
import { season, writeLines } from './simulate.ts'

type Flags = { fans: number; directory: string }

export function demoCommand(run: Run): Command {
  return new Command('demo')
    .summary('see all of it work: simulate, deliver, query')
    .description(
      'Simulates the announcement of a concert: fans ask to be reminded within five minutes, some are notified, some ' +
        'cancel, and 200 records are bad. Delivers all of it to an archive and asks the questions of its users in SQL.',
    )
    .addOption(
      new Option('--fans <n>', 'fans who ask').default(50_000).argParser(wholeNumber(100, 10_000_000)),
    )
    .option('--directory <folder>', 'where the demo keeps its files; it is emptied first', 'dmd-demo')
    .action((flags: Flags) => run((io) => demo(io, flags)))
}

const marker = 'made-by-dmd-demo'
const shard = 'shardId-000000000000'
const day = '2025-02-13'
const eventId = 'taylor_swift_event'

async function demo(io: Io, { fans, directory }: Flags): Promise<ExitCode> {
  const startedMs = io.runtime.clock()
  await empty(directory)
  const changes = join(directory, 'changes.jsonl')
  const archive = join(directory, 'archive')
  const settings = settingsFor(io, { archive })
  const catalog = catalogFor(settings)
  const store = await openStore(archive)
  const simulation: SimulationOptions = {
    ...season,
    backgroundPercent: 10,
    fans,
    minutes: 5,
    badPercent: 0,
    badCount: 200,
    cancelPercent: 2,
    notifyPercent: 1,
    duplicatePercent: 0,
    seed: 'demo',
    start: `${day}T18:30:00Z`,
    eventId,
  }

  const expected = countSimulation(simulation)
  await title(io, '1', 'A concert is announced')
  const lines = await writeLines(io, simulate(simulation), changes)
  await io.out(
    wrapped(
      `${count(expected.requests)} fans ask to be reminded within 5 minutes, ${count(expected.notified)} are notified ` +
        `(two changes each), ${count(expected.cancels - expected.expiries)} cancel, ${count(expected.expiries)} expire; ` +
        `${count(expected.background + expected.returns)} requests are for other events, ` +
        `${count(expected.returns)} of those end; ${count(expected.notified * (changesPerNotice - 2))} changes of messages, ` +
        `${count(expected.catalog + expected.edits)} of events and sales; ${count(expected.bad)} records are bad: ` +
        `${count(lines)} change records.`,
    ),
  )

  await title(io, '2', 'The worker delivers them, 1,000 a batch')
  const parts = {
    store,
    rules: toRules(catalog, settings),
    runtime: io.runtime,
    putsParallel: settings.putsParallel,
    putTimeoutMs: settings.putTimeoutMs,
  }
  const deliveryMs = io.runtime.clock()
  const options = { stream: 'demo', shard, batchRecordsMax: 1000 }
  const delivery = await deliverInput(io, await openInput(changes, io), parts, options)
  if (delivery.failures.length > 0) throw new PipelineError('INPUT_INVALID', delivery.failures.join('\n'))
  await io.out(describe(delivery, io.runtime.clock() - deliveryMs))
  if (io.interrupt.aborted) return exitCodes.interrupted

  const engine = await openEngine({
    env: io.env,
    runtime: io.runtime,
    settings: { ...settings, cache: join(directory, 'cache') },
    store,
    catalog,
  })
  try {
    await ask(io, engine, archive)
    await showErrors(io, store, catalog)
    const wrong = [...(await verify(engine, delivery, simulation))]
    await title(io, '7', 'Operations fixes one cause, and replays it')
    const mended = await mend(io, { ...parts, catalog, file: join(directory, 'edit.json') })
    await show(
      io,
      engine,
      `SELECT saleid, COUNT(*) AS requests FROM demand ${surge} AND change.operation = 'INSERT' GROUP BY saleid ORDER BY saleid`,
    )
    const [found] = await readAll(
      await engine.query(
        `SELECT COUNT(*), COUNT(CASE WHEN change.key NOT LIKE '%#' || saleid || '"%' THEN 1 END) FROM demand_changes ${surge} AND change.operation = 'INSERT'`,
      ),
    )
    const due = simulation.fans + mended
    if (mended === 0 || Number(found?.[0]) !== due || Number(found?.[1]) !== 0)
      wrong.push(`${due} requests are due, ${found?.[0]} are there, ${found?.[1]} of them with a wrong sale`)
    await title(io, '8', 'Where everything is')
    await io.out(
      whereabouts(io, directory, changes, archive, delivery, mended, io.runtime.clock() - startedMs),
    )
    if (wrong.length === 0) return exitCodes.ok
    await io.err(`${style(io, 'red', 'the numbers do not add up:')} ${wrong.join('; ')}\n`)
    return exitCodes.problems
  } finally {
    await engine.close()
  }
}

/** Only a folder of an earlier demo is emptied. */
async function empty(directory: string): Promise<void> {
  if (existsSync(directory) && readdirSync(directory).length > 0 && !existsSync(join(directory, marker))) {
    throw new UsageError(
      `${directory} holds files that are not the demo's: name another folder with --directory`,
    )
  }
  rmSync(directory, { recursive: true, force: true })
  await makeFolders(directory)
  writeFileSync(join(directory, marker), '')
}

async function title(io: Io, number: string, text: string): Promise<void> {
  await io.out(`\n${style(io, 'bold', `${number}. ${text}`)}\n`)
}

function describe(delivery: Delivery, tookMs: number): string {
  const { records, delivered, errored, objects, bytes, errorFiles } = delivery
  const rate = count(Math.round(records / (tookMs / 1000)))
  return (
    `${count(records)} in = ${count(delivered)} delivered + ${count(errored)} errored, in ${duration(tookMs)} (${rate} records/s).\n` +
    `${count(objects)} Avro files, ${size(bytes)}; ${count(errorFiles)} error files.\n`
  )
}

const surge = `WHERE eventid='${eventId}' AND partition_date='${day}'`

async function ask(io: Io, engine: QueryEngine, archive: string): Promise<void> {
  await title(io, '3', 'The analyst counts the surge')
  await show(io, engine, 'MSCK REPAIR TABLE demand')
  await show(io, engine, `SELECT COUNT(*) FROM demand ${surge}`)
  await show(io, engine, `SELECT COUNT(*) FROM demand_current ${surge}`)
  await io.out(
    wrapped(
      'demand has a row for every change: each request, its two notices, its end; ' +
        'demand_current has the requests that were not deleted.',
    ),
  )
  await show(
    io,
    engine,
    `SELECT change.operation, isdeleted, COUNT(*) AS changes FROM demand ${surge} GROUP BY 1, 2 ORDER BY 1`,
  )

  await show(
    io,
    engine,
    "SELECT eventid, COUNT(*) as demand_count FROM demand_current WHERE partition_date >= '2025-01-01' GROUP BY eventid ORDER BY demand_count DESC LIMIT 10",
  )

  await title(io, '4', 'Legal asks for the deleted requests: who and when')
  const deleted =
    "SELECT fanid, eventid, date.requested, date.deleted FROM demand WHERE isdeleted = true AND partition_date >= '2025-01-01' AND partition_date < '2025-04-01'"
  await show(io, engine, deleted)
  await show(io, engine, deleted.replace('FROM demand', 'FROM demand_current'))
  await io.out('demand_current has no deleted requests: ask demand.\n')
  await show(
    io,
    engine,
    'SELECT phonenumber, email, messagebody, COUNT(*) AS deleted_rows FROM demand WHERE isdeleted = true GROUP BY 1, 2, 3 ORDER BY 4 DESC',
  )
  await io.out(
    wrapped(
      'The row of a delete is redacted. Earlier rows of the same requests are not, nor are the messages to those fans:',
    ),
  )
  for (const table of ['demand', 'notification']) await show(io, engine, unredacted(table))
  await io.out('docs/privacy.md lists what holds personal data after a delete.\n')

  await title(io, '5', 'Marketing measures how fast fans were notified')
  for (const table of ['demand', 'demand_current']) {
    await show(
      io,
      engine,
      `SELECT AVG(UNIX_TIMESTAMP(date.notified) - UNIX_TIMESTAMP(date.requested)) as avg_lag_seconds FROM ${table} WHERE date.notified IS NOT NULL AND partition_date >= '2025-01-01'`,
    )
  }
  await io.out(
    wrapped(
      'demand counts twice each request that was notified and later deleted; demand_current leaves it out. Each request once:',
    ),
  )
  await io.out(`${commandLines(io, ['query', '--saved', 'notification-lag', '--archive', archive])}\n`)
}

/** Rows of a table about deleted requests that still hold a phone number or a mail address. */
function unredacted(table: string): string {
  return (
    `SELECT COUNT(*) AS ${table}_rows FROM ${table} WHERE isdeleted = false AND (phonenumber IS NOT NULL OR email IS NOT NULL) ` +
    'AND reference.id IN (SELECT reference.id FROM demand WHERE isdeleted = true)'
  )
}

const shownRows = 3

/** Runs a statement and shows it, its first rows, and how long both took. */
async function show(io: Io, engine: QueryEngine, sql: string): Promise<void> {
  const startedMs = io.runtime.clock()
  await io.out(`${style(io, 'dim', `> ${sql}`)}\n`)
  const format = formatTable({
    rowsMax: shownRows,
    ...(io.width === undefined ? {} : { width: io.width }),
    bold: (text) => style(io, 'bold', text),
    dim: (text) => style(io, 'dim', text),
  })
  await format(await engine.query(sql), io.out)
  await io.out(style(io, 'dim', `${duration(io.runtime.clock() - startedMs)}\n`))
}

async function readAll(result: QueryResult): Promise<readonly (readonly Cell[])[]> {
  const rows: (readonly Cell[])[] = []
  for await (const chunk of result.rows) rows.push(...chunk)
  return rows
}

async function showErrors(io: Io, store: ObjectStore, catalog: Catalog): Promise<void> {
  await title(io, '6', 'Operations sees what failed, by cause')
  const { groups } = await triage(store, catalog)
  const top = groups.slice(0, 5)
  const rows = top.map(({ fingerprint, records, code, type, path }) => [
    fingerprint,
    count(records),
    code,
    type,
    path,
  ])
  await io.out(columns(io, ['cause', 'records', 'code', 'type', 'path'], rows, { right: [1] }))
  const all = groups.reduce((sum, { records }) => sum + records, 0)
  await io.out(
    style(io, 'dim', `the first ${top.length} of ${groups.length} causes of ${count(all)} records\n`),
  )
}

/** The counts by SQL against those of the simulation; what differs, in words. */
async function verify(
  engine: QueryEngine,
  delivery: Delivery,
  simulation: SimulationOptions,
): Promise<readonly string[]> {
  const { requests, cancels, notified, bad, lines } = countSimulation(simulation)
  const [row] = await readAll(
    await engine.query(
      `SELECT (SELECT COUNT(*) FROM demand ${surge}), (SELECT COUNT(*) FROM demand_current ${surge}), ` +
        `(SELECT COUNT(*) FROM demand WHERE isdeleted AND email <> '[redacted]')`,
    ),
  )
  const checks: readonly (readonly [string, unknown, number])[] = [
    ['records', delivery.records, lines],
    ['delivered', delivery.delivered, lines - bad],
    ['errored', delivery.errored, bad],
    ['rows of demand', Number(row?.[0]), requests + 2 * notified + cancels],
    ['rows of demand_current', Number(row?.[1]), requests - cancels],
    ['deleted rows with an e-mail address', Number(row?.[2]), 0],
  ]
  return checks.flatMap(([what, found, due]) =>
    found === due ? [] : [`${what}: ${String(found)} instead of ${due}`],
  )
}

function whereabouts(
  io: Io,
  directory: string,
  changes: string,
  archive: string,
  delivery: Delivery,
  mended: number,
  tookMs: number,
): string {
  const rows = [
    `${changes}  the change records, one a line`,
    `${join(archive, 'data')}  ${count(delivery.objects + mended)} Avro files, by type and date`,
    `${join(archive, 'errors')}  ${count(delivery.errorFiles)} error files, each with its original`,
    `${join(archive, 'replays')}  who replayed which of them, into what`,
  ]
  const place = ['--archive', archive]
  return [
    ...rows.map((row) => `  ${row}`),
    `Done in ${duration(tookMs)}. Go on with:`,
    `  ${commandText(io, ['query', 'SELECT * FROM events', ...place])}`,
    `  ${commandText(io, ['errors', 'list', ...place])}`,
    `  ${commandText(io, ['deliver', changes, ...place, '--stream', 'demo', '--shard', shard])}   (changes nothing)`,
    `  rm -r ${quoted(directory)}`,
    '',
  ].join('\n')
}
