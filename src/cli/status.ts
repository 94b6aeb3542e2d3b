import { Command } from 'commander'
import { holderOf } from '../local/lock.ts'
import { type Health, healthOf, isHealthy } from '../local/stack/health.ts'
import { type Report, readReport } from '../local/stack/report.ts'
import { widthOf } from '../query/layout.ts'
import { readSettings } from '../settings.ts'
import { activityLine, rate } from './activity.ts'
import { columns, fields, type LabelledField } from './columns.ts'
import { configFile, type ExitCode, exitCodes, jsonOption, type Run } from './command.ts'
import { archiveFlags, commandText } from './commandline.ts'
import { count, counted, duration, type Io, style } from './io.ts'
import { stateOption } from './live.ts'

type Flags = { state?: string; watch?: boolean; json?: boolean }

const watchMs = 1_000

export function statusCommand(run: Run): Command {
  return new Command('status')
    .summary('see how what runs is doing')
    .description(
      'Shows what a running dmd up or dmd worker tells every second: rates, lag, errors, the last delivery. Says so ' +
        'when nothing runs, or when what runs has not told anything for a while.',
    )
    .addOption(stateOption())
    .option('--watch', 'show it again every second, until Ctrl-C')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit code 0 means that it runs and is well, 3 that an alert fires, that nothing runs, or that it has not reported.',
    )
    .action((flags: Flags) => run((io) => status(io, flags)))
}

async function status(io: Io, { state, watch, json }: Flags): Promise<ExitCode> {
  const settings = readSettings({ flags: { state }, env: io.env, file: configFile })
  const isRedrawn = watch === true && !json && io.width !== undefined && io.env.TERM !== 'dumb'
  const isLine = watch === true && !isRedrawn
  let drawn = ''
  for (;;) {
    const report = await readReport(settings.state)
    const health = healthOf(report, await holderOf(settings.state), io.runtime.clock())
    const text = json
      ? `${JSON.stringify({ health, ...report })}\n`
      : isLine
        ? `${line(io, report, health)}\n`
        : table(io, report, health, settings.state)
    await io.out(isRedrawn ? redraw(drawn, text, io.width ?? 80) : text)
    drawn = text
    if (!watch) return isHealthy(report, health) ? exitCodes.ok : exitCodes.problems
    await io.runtime.sleep(watchMs, io.interrupt).catch(() => undefined)
    if (io.interrupt.aborted) return exitCodes.ok
  }
}

/**
 * Draws a text over the one before: up as many rows as that one took, each row cleared behind its text, and the rest of
 * the screen. The screen is not cleared as a whole: many terminals keep what is cleared in their history.
 */
function redraw(before: string, text: string, width: number): string {
  const rows = before
    .split('\n')
    .slice(0, -1)
    .reduce((sum, row) => sum + Math.max(1, Math.ceil(widthOf(row) / width)), 0)
  const up = rows === 0 ? '' : `\r\u001b[${rows}A`
  return `${up}${text.replaceAll('\n', '\u001b[K\n')}\u001b[J`
}

function headline(io: Io, report: Report | undefined, health: Health): string {
  if (report === undefined) return `nothing runs: start it with  ${commandText(io, ['up'])}`
  const nowMs = io.runtime.clock()
  const name = `dmd ${report.command}`
  const ago = duration(Math.max(0, nowMs - report.reportedMs))
  switch (health) {
    case 'killed':
      return `nothing runs: ${name} (process ${report.pid}) was killed and reported last ${ago} ago. The next start goes on where it was`
    case 'silent':
      return `${name} (process ${report.pid}) has not reported for ${ago}: it hangs or was killed. Starting it again goes on where it was`
    case 'stopped':
      return `nothing runs: ${name} was stopped ${ago} ago`
    case 'draining':
      return `${name} is stopping: it delivers what was accepted`
    default:
      return `${name} runs for ${duration(nowMs - report.startedMs)}`
  }
}

function table(io: Io, report: Report | undefined, health: Health, state: string): string {
  const nowMs = io.runtime.clock()
  const title = headline(io, report, health)
  const isWell = health === 'running' || health === 'draining'
  const head = isWell ? style(io, 'bold', title) : style(io, 'yellow', title)
  if (report === undefined) return `${head}\n  state folder  ${state}\n`
  const { requests, delivery, url, archive, stream, shards } = report
  const { errored, givenUp, trimmed, failures, lastError } = delivery
  const rows: LabelledField[] = [
    ...(url === undefined ? [] : [['requests to', url] as const]),
    ['stream', stream],
    ['archive', archive],
    ...(requests
      ? [
          [
            'taken',
            `${count(requests.accepted)}, ${rate(requests.perSecond)}; ${count(requests.refused)} refused, ${count(requests.failed)} failed`,
          ] as const,
        ]
      : []),
    [
      'delivered',
      `${count(delivery.delivered)}, ${rate(delivery.perSecond)}; ${counted(delivery.objects, 'file')}`,
    ],
    ['last delivery', ago(delivery.lastDeliveryMs, nowMs)],
    ['lag', `${duration(delivery.lagMs)}, ${counted(delivery.held, 'change')} held`],
    errored === 0
      ? ['errors', '0']
      : [
          'errors',
          `${count(errored)}: see`,
          commandText(io, ['errors', 'list', ...archiveFlags({ archive })]),
        ],
    ...(failures > 0 ? [['failed calls', `${count(failures)}, made again`] as const] : []),
    ...(givenUp > 0 ? [['given up', `${count(givenUp)}: below failed/ in the archive`] as const] : []),
    ...(trimmed > 0
      ? [['lost by the stream', `${counted(trimmed, 'time')}, before changes were read`] as const]
      : []),
    ...(lastError === undefined ? [] : [['last error', lastError] as const]),
    ...(report.webhook ? [['notices', describeWebhook(report.webhook)] as const] : []),
  ]
  const lines = fields(io, rows, { indent: '  ', paint: (name) => name })
  const shardRows = shards.map(({ shard, lagMs, held, retries, lastError: error }) => [
    shard,
    duration(lagMs),
    count(held),
    count(retries),
    error ?? '-',
  ])
  const shardTable =
    shardRows.length === 0
      ? ''
      : `\n${columns(io, ['shard', 'lag', 'held', 'retries', 'error'], shardRows, { right: [1, 2, 3] })}`
  const alerts = report.alerts.flatMap(({ name, sinceMs, text, runbook }) => [
    `  ${style(io, 'red', 'ALERT')} ${style(io, 'bold', name)} for ${duration(Math.max(0, nowMs - sinceMs))}: ${text}`,
    `        what to do: ${runbook}`,
  ])
  return `${[head, ...alerts, lines].join('\n')}${shardTable}`
}

function describeWebhook({ host, sent, failed, lastError }: NonNullable<Report['webhook']>): string {
  const trouble =
    failed === 0 ? '' : `, ${count(failed)} not taken${lastError === undefined ? '' : ` (${lastError})`}`
  return `${count(sent)} posted to ${host}${trouble}`
}

/** The same in one line, for logs. */
function line(io: Io, report: Report | undefined, health: Health): string {
  return report === undefined || health === 'silent' || health === 'stopped' || health === 'killed'
    ? headline(io, report, health)
    : activityLine(report)
}

function ago(atMs: number | undefined, nowMs: number): string {
  return atMs === undefined ? 'none yet' : `${duration(Math.max(0, nowMs - atMs))} ago`
}
