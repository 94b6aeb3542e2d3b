import type { Random } from './random.ts'
import { chance, pick } from './random.ts'

// Items are written as text from the start: a million of them are made for one demo, and building objects only to
// print them takes three times as long.

/** A DynamoDB attribute value as JSON text: `{"S":"demand"}`. */
export type Attribute = string

/** Attributes by name, as JSON text without the braces: `"type":{"S":"demand"},"fanId":{"S":"f1"}`. */
export type Members = string

/** Names and values, in order; what is undefined is left out. */
export function members(values: { readonly [name: string]: Attribute | undefined }): Members {
  const parts: string[] = []
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) parts.push(`${JSON.stringify(name)}:${value}`)
  }
  return parts.join(',')
}

/** A text of any characters. */
export function text(value: string): Attribute {
  return `{"S":${JSON.stringify(value)}}`
}

/** A text that is known to need no escapes, such as an identifier made here. */
export function plain(value: string): Attribute {
  return `{"S":"${value}"}`
}

/** A number; give text to keep its digits. */
export function number(value: number | string): Attribute {
  return `{"N":"${value}"}`
}

export function flag(value: boolean): Attribute {
  return `{"BOOL":${value}}`
}

export function map(values: { readonly [name: string]: Attribute | undefined }): Attribute {
  return `{"M":{${members(values)}}}`
}

export function list(...values: readonly Attribute[]): Attribute {
  return `{"L":[${values.join(',')}]}`
}

/** A set of texts. */
export function set(...values: readonly string[]): Attribute {
  return `{"SS":${JSON.stringify(values)}}`
}

/** An attribute that is there and says that nothing is. */
export const absent: Attribute = '{"NULL":true}'

/** How one writer puts down instants, given in milliseconds. Writers differ, and each keeps to its own way. */
export type DateStyle = (instantMs: number) => Attribute

const offsets = [
  ['-05:00', -300],
  ['+01:00', 60],
  ['+05:30', 330],
  ['-08:00', -480],
] as const

const isoStyle: DateStyle = (instantMs) => plain(`${isoText(instantMs)}Z`)
const otherStyles: readonly DateStyle[] = [
  ...offsets.map(
    ([offset, minutes]): DateStyle =>
      (instantMs) =>
        plain(isoText(instantMs + minutes * 60_000) + offset),
  ),
  (instantMs) => plain(`${isoText(instantMs)}417Z`),
  (instantMs) => number(instantMs),
  (instantMs) => number(instantMs),
  (instantMs) => number(Math.floor(instantMs / 1000)),
]

/** Mostly `2025-02-13T18:30:00.123Z`; else with an offset, to the microsecond, or as epoch numbers. */
export function pickDateStyle(random: Random): DateStyle {
  return chance(random, 80) ? isoStyle : pick(random, otherStyles)
}

const twoDigits = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'))
// Most instants share their minute with the one before: its text is worth keeping.
let minute = 0
let minuteText = '1970-01-01T00:00:'

/** `2025-02-13T18:30:00.123`, as toISOString but for the Z. */
function isoText(instantMs: number): string {
  const whole = Math.floor(instantMs / 60_000)
  if (whole !== minute) {
    minute = whole
    minuteText = new Date(whole * 60_000).toISOString().slice(0, 17)
  }
  const restMs = instantMs - whole * 60_000
  const millis = restMs % 1000
  const padding = millis < 10 ? '00' : millis < 100 ? '0' : ''
  return `${minuteText}${twoDigits[Math.floor(restMs / 1000)]}.${padding}${millis}`
}
