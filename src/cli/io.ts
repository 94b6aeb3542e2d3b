import { jsonLog } from '../delivery/telemetry.ts'
import { wrapText } from '../query/layout.ts'
import type { Log, Runtime } from '../runtime.ts'

export { counted } from '../query/text.ts'

/** Where a command reads and writes. Commands use this and never `process`, so that tests can run them. */
export type Io = {
  readonly stdin: AsyncIterable<Uint8Array>
  /** Data, and nothing else. */
  readonly out: OutputWriter
  /** Everything that is for people. */
  readonly err: OutputWriter
  readonly env: NodeJS.ProcessEnv
  /** What a person types to run this command: `dmd`, `npx dmd`, `node dist/main.js`. */
  readonly self: string
  /** True where people watch `err`: only then is anything animated. */
  readonly isWatched: boolean
  readonly isColored: boolean
  /** True where `out` is a terminal, on which what strangers wrote must not act. */
  readonly isShown: boolean
  /** Columns of the terminal behind `out` at this moment; undefined where it is none. */
  readonly width?: number | undefined
  /** Columns of the terminal behind `err` at this moment; undefined where it is none. */
  readonly errWidth?: number | undefined
  /** Both ends of a person's terminal; undefined where either is none. */
  readonly terminal?: {
    readonly input: NodeJS.ReadableStream
    readonly output: NodeJS.WritableStream
  }
  /** Its log goes nowhere: commands that log say where to. */
  readonly runtime: Runtime
  /** Fires when the user asks to stop: the work ends at the next safe point. */
  readonly interrupt: AbortSignal
}

/** Resolves when the text is on its way and more may follow. */
export type OutputWriter = (text: string | Uint8Array) => Promise<void>

const escapes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const

/** Styles a text for a terminal, and leaves it alone where there is none or NO_COLOR is set. */
export function style(io: Io, name: keyof typeof escapes, text: string): string {
  return io.isColored ? `\u001b[${escapes[name]}m${text}\u001b[0m` : text
}

/**
 * A text of a stranger as it may be shown on a terminal: no character of it moves, hides or reorders anything. What would
 * is written as JSON writes it, so that JSON stays the same JSON.
 */
export function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (sign) =>
    sign.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}

/** The same for a text of several lines, which stay lines. */
export function harmlessLines(text: string): string {
  return text.replace(/[^\r\n\t]+|\r(?!\n)/g, harmless)
}

/** A value of JSON with every text in it harmless. */
export function allHarmless<T>(value: T): T
export function allHarmless(value: unknown): unknown {
  if (typeof value === 'string') return harmless(value)
  if (Array.isArray(value)) return value.map((item) => allHarmless(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, allHarmless(item)]))
}

/** Writes what strangers wrote as it is, byte for byte, and harmlessly where people look at it. */
export function asItIs({ isShown, out }: Io): OutputWriter {
  if (!isShown) return out
  return (text) => out(harmlessLines(typeof text === 'string' ? text : Buffer.from(text).toString('utf8')))
}

/** Writes a value as a line of JSON. */
export function outJson(io: Io, value: unknown): Promise<void> {
  return asItIs(io)(`${JSON.stringify(value)}\n`)
}

/** A whole number with separators: `51,200`. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** A text for people in lines of 80 columns at most, where its words let it. */
export function wrapped(text: string): string {
  return `${wrapText(text, 80).join('\n')}\n`
}

/** A size for people: `4.1 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** A duration for people: `0.8 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** Every entry of a log with its time as a line of JSON on standard error, in order; nobody waits for it. */
export function lineLog(io: Io): Log {
  const log = jsonLog((line) => void io.err(harmlessLines(line)))
  return (entry) => log({ time: new Date(io.runtime.clock()).toISOString(), ...entry })
}
