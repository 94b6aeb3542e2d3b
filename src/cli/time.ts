import { InvalidArgumentError } from 'commander'
import { parseInstant } from '../record/date.ts'
import { UsageError } from './command.ts'

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** A parser for an option that takes a time such as `500ms`, `1.5s`, `10m` or `1h`, within bounds in milliseconds. */
export function timeSpan(minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
    const ms = Math.round(Number(digits) * units[unit as keyof typeof units])
    if (unit === undefined || ms < minMs || ms > maxMs) {
      throw new InvalidArgumentError(
        `It is not a time from ${spanText(minMs)} to ${spanText(maxMs)}: write 500ms, 10s, 5m or 1h.`,
      )
    }
    return ms
  }
}

function spanText(ms: number): string {
  const unit = (['h', 'm', 's'] as const).find((name) => ms >= units[name] && ms % units[name] === 0) ?? 'ms'
  return `${ms / units[unit]}${unit}`
}

/**
 * The moment that a person names, in milliseconds since 1970: a date, a time, or how long ago (`90m`, `24h`, `7d`).
 * @throws UsageError when it is none of these.
 */
export function momentBefore(text: string, nowMs: number): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(text) ?? []
  if (unit !== undefined)
    return nowMs - Number(digits) * { ...units, d: 86_400_000 }[unit as 's' | 'm' | 'h' | 'd']
  const moment = parseInstant(text)
  if (moment !== undefined) return moment
  throw new UsageError(
    `${JSON.stringify(text)} is no time: write 2025-02-13, 2025-02-13T18:00Z, 90m, 24h or 7d`,
  )
}
