import { join } from 'node:path'
import { createHandler } from '../delivery/handler.ts'
import type { RowRules } from '../delivery/row.ts'
import { toRules } from '../delivery/rules.ts'
import { toIso } from '../record/date.ts'
import { PipelineError } from '../record/error.ts'
import type { Catalog } from '../record/schema.ts'
import type { Log, Runtime } from '../runtime.ts'
import type { Settings } from '../settings.ts'
import { makeFolders } from '../store/newfolder.ts'
import { directoryOf, openStore } from '../store/open.ts'
import { probeDirectory } from '../store/probe.ts'
import { createWebhook, type Webhook } from './alert/webhook.ts'
import { type Alert, createDates, createJudge } from './alert.ts'
import { lockFolder } from './lock.ts'
import { type RunningMapping, startMapping } from './mapping.ts'
import { createMeter, type Meter } from './stack/meter.ts'
import { openOrigin, openStream, type Upstream } from './stack/open.ts'
import { createTeller, type Report, readReport } from './stack/report.ts'
import type { Table } from './table.ts'

export type StackOptions = {
  /** `up`: table, stream, capture API and worker. `worker`: from a stream that others write. */
  readonly command: Report['command']
  readonly settings: Settings
  readonly catalog: Catalog
  readonly runtime: Runtime
  /** In the reports. */
  readonly pid: number
  /** Starts what writes to the table for others, such as the capture API. Not called where there is no table. */
  readonly startProducer?: (parts: ProducerParts) => Promise<Producer>
}

export type ProducerParts = { readonly table: Table; readonly rules: RowRules; readonly runtime: Runtime }

export type Producer = {
  readonly url: string
  /** Takes no more requests, and resolves when those in flight are answered. */
  close(): Promise<void>
}

export type RunningStack = {
  /** Where the producer listens; none for a worker. */
  readonly url?: string
  /** The archive's URL. */
  readonly archive: string
  readonly report: () => Report
  /**
   * Takes no more requests, delivers all that is in the stream and ends. True when all of it is delivered; false when
   * that took longer than `waitMs`, and the rest is delivered by the next start.
   */
  readonly drain: (waitMs: number) => Promise<boolean>
  /** Rejects when the worker cannot go on; call `drain` then, which ends the rest. */
  readonly done: Promise<void>
}

const reportMs = 1_000

/**
 * Starts the pipeline on this machine. What it accepts is durable before it is answered, and is archived once at
 * least and under one name, after whatever end of this process. It reports to the state folder every second.
 *
 * @throws PipelineError as its parts: a bad setting, a folder in use or damaged, an archive or a stream out of reach;
 *   the error of the system when the address cannot be had. Nothing is left open then.
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const { command, settings, catalog } = options
  const meter = createMeter(options.runtime.clock)
  const log: Log = (entry) => {
    meter.log(entry)
    options.runtime.log(entry)
  }
  const runtime = { ...options.runtime, log }
  const opened: (() => Promise<void>)[] = []
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
    // Before the state folder and the archive: a stream that cannot be read leaves no folders behind.
    const stream = command === 'worker' ? await openStream(settings, runtime) : undefined
    if (stream) opened.push(() => stream.close())
    const unlock = await lockState(settings.state)
    opened.push(unlock)
    const directory = directoryOf(settings.archive)
    if (directory !== undefined) await probeDirectory(directory)
    const store = await openStore(settings.archive, { runtime })
    const origin = stream ?? (await openOrigin(settings, { catalog, runtime }))
    if (!stream) opened.push(() => origin.close())
    const rules = toRules(catalog, settings)
    const { putsParallel, putTimeoutMs } = settings
    const mapping = await startMapping({
      source: origin.source,
      handler: createHandler({ store, rules, runtime, putsParallel, putTimeoutMs }),
      folder: join(settings.state, 'checkpoints'),
      failures: store,
      settings: {
        batchRecords: settings.batchRecords,
        windowMs: settings.batchWindowMs,
        parallelization: settings.parallelization,
        recordAgeMaxMs: settings.recordAgeMaxMs,
      },
      runtime,
    })
    opened.push(() => mapping.stop())
    const producer = origin.table && (await options.startProducer?.({ table: origin.table, rules, runtime }))
    if (producer) opened.push(() => producer.close())
    return await run(
      { ...options, runtime },
      {
        ...{ origin, mapping, meter, archive: store.url, unlock },
        ...(producer && { producer }),
      },
    )
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Takes the state folder for this process. @throws PipelineError STATE_IN_USE, which names the process that has it. */
async function lockState(folder: string): Promise<() => Promise<void>> {
  await makeFolders(folder)
  const before = await readReport(folder).catch(() => undefined)
  return lockFolder(folder, (cause) => {
    const owner =
      before === undefined || before.state === 'stopped'
        ? 'another process'
        : `dmd ${before.command} (process ${before.pid}), which runs since ${toIso(before.startedMs).slice(0, 19)}Z`
    return new PipelineError('STATE_IN_USE', `the state folder ${folder} is in use by ${owner}.`, { cause })
  })
}

type Parts = {
  readonly origin: Upstream
  readonly mapping: RunningMapping
  readonly meter: Meter
  readonly archive: string
  readonly producer?: Producer
  /** Gives the state folder free. */
  readonly unlock: () => Promise<void>
}

async function run(options: StackOptions, parts: Parts): Promise<RunningStack> {
  const { settings, runtime } = options
  const { origin, mapping, producer, archive, unlock } = parts
  const startedMs = runtime.clock()
  let state: Report['state'] = 'running'
  const watch = createWatch(options, parts)
  const report = () => toReport(options, parts, { state, startedMs, ...watch.status() })
  const tell = createTeller(settings.state, report, runtime.log)
  // Who is told that it runs can ask for its status.
  await tell()
  const stopTelling = runtime.every(reportMs, () => {
    watch.look(report())
    void tell()
  })
  return {
    ...(producer && { url: producer.url }),
    archive,
    report,
    done: mapping.done,
    async drain(waitMs) {
      state = 'draining'
      void tell()
      await producer?.close()
      const isDrained = await settlesWithin(
        origin.settle().then(() => mapping.drain()),
        waitMs,
        runtime,
      )
      await mapping.stop().catch(() => undefined)
      await origin.close()
      stopTelling()
      watch.look(report())
      await watch.drain()
      state = 'stopped'
      await tell()
      await unlock()
      return isDrained
    },
  }
}

type Watch = {
  readonly look: (report: Report) => void
  readonly status: () => Pick<Report, 'alerts' | 'webhook'>
  readonly drain: () => Promise<void>
}

const noticesWaitMs = 5_000

/** Judges what the pipeline reports, and has what is wrong posted. */
function createWatch({ settings, runtime }: StackOptions, { archive, mapping }: Parts): Watch {
  const { alertErrors, alertErrorPercent, alertWindowMs, alertStaleMs, alertLagMs } = settings
  const judge = createJudge({
    errors: alertErrors,
    errorPercent: alertErrorPercent,
    windowMs: alertWindowMs,
    staleMs: alertStaleMs,
    lagMs: alertLagMs,
  })
  const dates = createDates()
  const runbook = (name: string) => `${settings.runbooks}#${name}`
  const { stream } = mapping.status()
  const webhook: Webhook | undefined =
    settings.alertUrl === undefined
      ? undefined
      : createWebhook({
          ...{ url: settings.alertUrl, archive, stream, runbook, runtime },
          repeatMs: settings.alertRepeatMs,
        })
  let alerts: readonly Alert[] = []
  return {
    look: ({ delivery }) => {
      const { delivered, errored, held, lagMs, givenUp, trimmed } = delivery
      const nowMs = runtime.monotonic()
      // Judged by time that never steps back, told in that of people.
      const offsetMs = runtime.clock() - nowMs
      alerts = dates(judge({ nowMs, delivered, errored, held, lagMs, givenUp, trimmed }), offsetMs)
      webhook?.tell(alerts)
    },
    status: () => ({
      alerts: alerts.map(({ name, sinceMs, text }) => ({ name, sinceMs, text, runbook: runbook(name) })),
      ...(webhook && { webhook: webhook.status() }),
    }),
    drain: async () => webhook?.drain(noticesWaitMs),
  }
}

/** Whether it resolves in time. */
async function settlesWithin(work: Promise<void>, waitMs: number, { timer }: Runtime): Promise<boolean> {
  let stop = () => {}
  const tooLate = new Promise<boolean>((resolve) => {
    stop = timer(waitMs, () => resolve(false))
  })
  const settled = work.then(
    () => true,
    () => false,
  )
  return Promise.race([settled, tooLate]).finally(() => stop())
}

function toReport(
  { command, runtime, pid }: StackOptions,
  { mapping, meter, archive, producer }: Parts,
  { state, startedMs, alerts, webhook }: Pick<Report, 'state' | 'startedMs' | 'alerts' | 'webhook'>,
): Report {
  const { stream, shards, records: _, ...totals } = mapping.status()
  const { accepted, refused, failed, ...stored } = meter.counts()
  const rates = meter.perSecond()
  return {
    format: 1,
    command,
    state,
    pid,
    startedMs,
    reportedMs: runtime.clock(),
    ...(producer && {
      url: producer.url,
      requests: { accepted, refused, failed, perSecond: rates.accepted },
    }),
    archive,
    stream,
    delivery: {
      ...stored,
      ...totals,
      perSecond: rates.delivered,
      lagMs: Math.max(0, ...shards.map(({ lagMs }) => lagMs)),
      held: shards.reduce((sum, { held }) => sum + held, 0),
    },
    alerts,
    ...(webhook && { webhook }),
    shards: [...shards],
  }
}
