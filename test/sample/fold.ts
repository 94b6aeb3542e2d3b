import type { SimulatedLine } from '../../src/sample/simulator.ts'

/** What the archive must hold after these lines, worked out from the lines alone and by other means than it. */
export type Fold = {
  readonly lines: number
  /** Rows as delivered, second deliveries included: type → partition date → rows. */
  readonly rows: Counts2
  /** Rows of deletes, among `rows`: type → rows. */
  readonly deletedRows: Counts
  /** Changes, each once: type → changes. */
  readonly changes: Counts
  /** Items that are there at the end: type → items. */
  readonly current: Counts
  /** Valid requests, each once: event → requests. */
  readonly requests: Counts
  /** Bad lines: code → lines. */
  readonly bad: Counts
  /** From request to notice, over all changes that hold both, each once. */
  readonly lagMeanSeconds: number
}

export type Counts = { [name: string]: number }
export type Counts2 = { [name: string]: Counts }

type Value = { S?: string; N?: string; M?: Values }
type Values = { [name: string]: Value }
export type Payload = {
  eventID: string
  eventName: string
  userIdentity: null | { type: string; principalId: string }
  dynamodb: {
    ApproximateCreationDateTime: number
    Keys: { PK: { S: string }; SK: { S: string } }
    NewImage?: Values
    OldImage?: Values
  }
}

/** Reads the payload of a good line. */
export function parseLine(line: SimulatedLine): Payload {
  return JSON.parse(Buffer.from(line.bytes).toString('utf8')) as Payload
}

/** Folds over simulated lines; of the expectation it uses only whether a line is good, and a bad line's code. */
export function foldLines(lines: Iterable<SimulatedLine>): Fold {
  const [rows, deletedRows, changes, current, requests, bad]: [Counts2, ...Counts[]] = [
    {},
    {},
    {},
    {},
    {},
    {},
  ]
  const seen = new Set<string>()
  const latest = new Map<string, { micros: number; type: string; isDeleted: boolean }>()
  const lags: number[] = []
  let count = 0
  for (const line of lines) {
    count++
    if (!line.expect.ok) {
      add(bad!, line.expect.code)
      continue
    }
    const { eventID, eventName, dynamodb } = parseLine(line)
    const isDeleted = eventName === 'REMOVE'
    const image = (isDeleted ? dynamodb.OldImage : dynamodb.NewImage)!
    const type = image.type!.S!
    const micros = dynamodb.ApproximateCreationDateTime
    rows[type] ??= {}
    add(rows[type], partitionOf(type, image, micros))
    if (isDeleted) add(deletedRows!, type)
    if (seen.has(eventID)) continue
    seen.add(eventID)
    add(changes!, type)
    const item = JSON.stringify([dynamodb.Keys.PK.S, dynamodb.Keys.SK.S])
    if (micros > (latest.get(item)?.micros ?? 0)) latest.set(item, { micros, type, isDeleted })
    if (type !== 'demand') continue
    if (eventName === 'INSERT') add(requests!, image.eventId!.S!)
    const { requested, notified } = image.date!.M!
    if (notified) lags.push(instant(notified)! - instant(requested)!)
  }
  for (const { type, isDeleted } of latest.values()) if (!isDeleted) add(current!, type)
  const lagMeanSeconds = lags.reduce((sum, lag) => sum + lag, 0) / lags.length / 1000
  return {
    lines: count,
    rows,
    deletedRows: deletedRows!,
    changes: changes!,
    current: current!,
    requests: requests!,
    bad: bad!,
    lagMeanSeconds,
  }
}

function partitionOf(type: string, image: Values, micros: number): string {
  const dates = image.date?.M ?? {}
  const candidates: { [type: string]: (Value | undefined)[] } = {
    demand: [dates.requested],
    notification: [dates.created],
    event: [dates.firstSeen, image.eventDate?.M?.start?.M?.dateTime],
    sale: [image.saleStartDateTime],
  }
  const first = candidates[type]!.find((value) => value !== undefined)
  return new Date(instant(first) ?? Math.floor(micros / 1000)).toISOString().slice(0, 10)
}

/** Milliseconds since 1970; the simulated writers always name the offset, so Date reads them right. */
function instant(value: Value | undefined): number | undefined {
  if (value?.S !== undefined) return new Date(value.S).getTime()
  if (value?.N !== undefined) return value.N.length === 10 ? Number(value.N) * 1000 : Number(value.N)
  return undefined
}

function add(counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}
