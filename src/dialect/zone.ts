import { bindAll, quoteText } from './sql.ts'

// A zone is the name of one (`America/New_York`) or an offset (`+05:30`), which DuckDB's `timezone` does not take.

const offsetPattern = /^([+-])(\d{2})(?::(\d{2}))?$/

/** A zone as Trino names it: offsets as `+05:30`, `Z` and zero as `UTC`; undefined for what is none. */
export function normalizeZone(written: string): string | undefined {
  if (/^(?:z|utc|gmt|ut|etc\/utc|utc0)$/i.test(written))
    return /^(?:gmt|ut)$/i.test(written) ? written.toUpperCase() : 'UTC'
  const [, sign = '', hours = '', minutes = '00'] = offsetPattern.exec(written) ?? []
  if (sign === '') return isZoneName(written) ? written : undefined
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined
  if (Number(hours) === 0 && Number(minutes) === 0) return 'UTC'
  return `${sign}${hours.padStart(2, '0')}:${minutes}`
}

const zoneName = /^[A-Z][A-Za-z0-9+-]*(?:[/_-][A-Z0-9+-][A-Za-z0-9+-]*|_(?:of|es|au)(?=_))*$/
/** Names that JavaScript takes, and Java does not. */
const shortNames: ReadonlySet<string> = new Set(['EST', 'MST', 'HST', 'ROC'])

function isZoneName(written: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: written })
    return zoneName.test(written) && !shortNames.has(written)
  } catch {
    return false
  }
}

/** The minutes that a zone of fixed offset is ahead of UTC; undefined for a zone by name. */
export function fixedOffset(zone: string): number | undefined {
  if (zone === 'UTC') return 0
  const [, sign, hours = '', minutes = ''] = /^([+-])(\d{2}):(\d{2})$/.exec(zone) ?? []
  return sign === undefined ? undefined : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

/** The zone's offset in minutes as DuckDB's SQL, where its name begins with a sign. */
const offsetOf = (zone: string) =>
  `(CASE WHEN starts_with(${zone}, '-') THEN -1 ELSE 1 END * (CAST(substr(${zone}, 2, 2) AS INTEGER) * 60 + CAST(substr(${zone}, 5, 2) AS INTEGER)))`

const isOffset = (zone: string) => `(starts_with(${zone}, '+') OR starts_with(${zone}, '-'))`

/** A zone that stands in the statement as a text, or undefined. */
export function literalZone(zone: string): string | undefined {
  const [, text] = /^'([^']+)'$/.exec(zone) ?? []
  return text
}

/** What a clock in the zone shows at an instant. Both are SQL; a TIMESTAMP in UTC becomes one of the zone. */
export function toLocal(instant: string, zone: string, fresh: () => string): string {
  const literal = literalZone(zone)
  if (literal !== undefined) {
    const minutes = fixedOffset(literal)
    if (minutes === 0) return instant
    if (minutes !== undefined) return `(${instant} + to_minutes(${minutes}))`
    return `timezone(${quoteText(literal)}, timezone('UTC', ${instant}))`
  }
  return bindAll(
    [
      { sql: instant, isCheap: false },
      { sql: zone, isCheap: false },
    ],
    fresh,
    (i, z) =>
      `CASE WHEN ${isOffset(z ?? '')} THEN ${i} + to_minutes(${offsetOf(z ?? '')}) ELSE timezone(${z}, timezone('UTC', ${i})) END`,
  )
}

/** The instant at which a clock in the zone shows a time: the earlier of two, and behind a gap as far as the time is in it. */
export function toInstant(local: string, zone: string, fresh: () => string): string {
  const literal = literalZone(zone)
  const minutes = literal === undefined ? undefined : fixedOffset(literal)
  if (minutes === 0) return local
  if (minutes !== undefined) return `(${local} - to_minutes(${minutes}))`
  const named = (l: string, z: string) => {
    const found = fresh()
    // DuckDB takes the later of two instants that show the same time.
    const earlier = `${found} - INTERVAL '1 hour'`
    return `list_transform([timezone('UTC', timezone(${z}, ${l}))], lambda ${found}: CASE WHEN timezone(${z}, timezone('UTC', ${earlier})) = ${l} THEN ${earlier} ELSE ${found} END)[1]`
  }
  return bindAll(
    [
      { sql: local, isCheap: false },
      { sql: zone, isCheap: literal !== undefined },
    ],
    fresh,
    (l = '', z = '') =>
      literal !== undefined
        ? named(l, z)
        : `CASE WHEN ${isOffset(z)} THEN ${l} - to_minutes(${offsetOf(z)}) ELSE ${named(l, z)} END`,
  )
}

/** How far a zone is ahead of UTC at an instant, in milliseconds. */
function offsetAt(instantMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instantMs)
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
  const isBefore = parts.some(({ type, value }) => type === 'era' && value.startsWith('B'))
  const local = new Date(0)
  local.setUTCFullYear(isBefore ? 1 - part('year') : part('year'), part('month') - 1, part('day'))
  local.setUTCHours(part('hour'), part('minute'), part('second'))
  return local.getTime() - Math.floor(instantMs / 1000) * 1000
}

/**
 * The instant, in microseconds, at which clocks in a zone show a time: the first of two, and undefined for one that they leave
 * out when they are put forward.
 */
export function instantOf(localMicros: bigint, zone: string): bigint | undefined {
  const fixed = fixedOffset(zone)
  if (fixed !== undefined) return localMicros - BigInt(fixed) * 60_000_000n
  const localMs = Number(localMicros / 1000n)
  const dayMs = 86_400_000
  const offsets = [...new Set([offsetAt(localMs - dayMs, zone), offsetAt(localMs + dayMs, zone)])]
  const found = offsets
    .filter((offset) => offsetAt(localMs - offset, zone) === offset)
    .map((offset) => localMicros - BigInt(offset) * 1000n)
  return found.length === 0 ? undefined : found.reduce((a, b) => (a < b ? a : b))
}
