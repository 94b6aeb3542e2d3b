import {
  type Attribute,
  type DateStyle,
  flag,
  list,
  type Members,
  map,
  members,
  number,
  pickDateStyle,
  set,
  text,
} from './attribute.ts'
import type { ItemChange, ItemKeys } from './envelope.ts'
import { artists, type City, cities } from './people.ts'
import { below, createRandom, hex, pick, type Random, type Seed } from './random.ts'

/** An event as the simulated table holds it. */
export type TourEvent = {
  readonly id: string
  readonly name: string
  readonly artistId: string
  readonly artistName: string
  readonly city: City
  readonly dates: DateStyle
  /** Not every writer notes it. */
  readonly firstSeenMs?: number
  readonly updatedMs?: number
  /** Not there while the date is to be announced. */
  readonly startMs?: number
  readonly sales: readonly TourSale[]
}

/** A sale of an event; its identifier is its own among all sales. */
export type TourSale = {
  readonly id: string
  readonly name: string
  readonly types: Attribute
  readonly startMs: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/**
 * The event that everybody asks for, then the others. Every third event notes no first sight, so that its date
 * decides where it is archived, and every ninth has no date either.
 */
export function planTour(
  seed: Seed,
  streamNumber: number,
  startMs: number,
  others: number,
  eventId?: string,
): TourEvent[] {
  return Array.from({ length: 1 + others }, (_, index) => {
    const random = createRandom(seed, streamNumber, index)
    return planEvent(random, index, startMs, index === 0 ? eventId : undefined)
  })
}

/** The event with this index: its kind follows from it, the rest from the generator. */
export function planEvent(random: Random, index: number, startMs: number, eventId?: string): TourEvent {
  const artistIndex = index === 0 ? 0 : below(random, artists.length)
  const city = index === 0 ? cities[0]! : pick(random, cities)
  const artistName = artists[artistIndex]!
  const id = eventId ?? `evt-${hex(random, 6)}${(index + 1).toString(36).padStart(3, '0')}`
  const day = Math.floor(startMs / dayMs) * dayMs
  const noted = index % 3 !== 2
  return {
    id,
    name: index === 0 ? `${artistName}: The Surprise Night` : `${artistName} – ${city.city}`,
    artistId: `art-${1000 + artistIndex}`,
    artistName,
    city,
    dates: pickDateStyle(random),
    ...(noted && { firstSeenMs: startMs }),
    ...(index % 9 !== 8 && { startMs: day + (60 + below(random, 200)) * dayMs + 19 * hourMs }),
    // The announced event has two sales, the others one or two.
    sales: Array.from({ length: 2 - (index % 2) }, (_, sale) => planSale(random, index, sale, day)),
  }
}

function planSale(random: Random, event: number, sale: number, day: number): TourSale {
  const isPresale = sale === 0
  return {
    id: `sale-${hex(random, 4)}${event.toString(36)}${'pg'[sale]}`,
    name: isPresale ? 'Fan presale' : 'General sale',
    // A set or a list: writers differ here too.
    types: isPresale ? set('PRESALE', 'VERIFIED_FAN') : list(text('GENERAL')),
    startMs: day + (2 + 3 * sale + below(random, 3)) * dayMs + 15 * hourMs,
  }
}

/** The keys of an event's item. */
export function eventKeys(event: TourEvent): ItemKeys {
  return { pk: `EVENT#${event.id}`, sk: 'EVENT' }
}

/** The keys of a sale's item. */
export function saleKeys(event: TourEvent, sale: TourSale): ItemKeys {
  return { pk: `EVENT#${event.id}`, sk: `SALE#${sale.id}` }
}

/** An event's item, in the attributes of the record type `event` and some that no schema models. */
export function eventItem(event: TourEvent): Members {
  const { city, dates } = event
  const optional = (instantMs: number | undefined) => (instantMs === undefined ? undefined : dates(instantMs))
  return members({
    type: text('event'),
    id: text(event.id),
    name: text(event.name),
    url: text(`https://tickets.example/events/${event.id}`),
    locale: text('en-us'),
    isSuppressed: flag(false),
    eventDate: eventDate(event),
    classifications: list(
      map({
        primary: flag(true),
        segment: named('seg-music', 'Music'),
        genre: named('gen-pop', 'Pop'),
        subGenre: named('sub-indie', 'Indie Pop'),
      }),
    ),
    venues: list(venue(city)),
    attractions: list(named(event.artistId, event.artistName)),
    promoter: named('prm-17', 'Northern Lights Live'),
    date: map({ firstSeen: optional(event.firstSeenMs), updated: optional(event.updatedMs) }),
    seatMap: map({ levels: number(3), accessible: flag(true) }),
  })
}

function named(id: string, name: string): Attribute {
  return map({ id: text(id), name: text(name) })
}

function eventDate({ startMs, dates, city }: TourEvent): Attribute {
  const timezone = text(city.timezone)
  if (startMs === undefined) return map({ timezone, tba: flag(true) })
  const at = (instantMs: number) => map({ dateTime: dates(instantMs), localDate: text(isoDay(instantMs)) })
  return map({ start: at(startMs), end: at(startMs + 3 * hourMs), timezone, tba: flag(false) })
}

function venue(city: City): Attribute {
  return map({
    id: text(`ven-${city.postalCode}`),
    name: text(city.venue),
    city: text(city.city),
    state: city.state && text(city.state[0]),
    stateCode: city.state && text(city.state[1]),
    country: text(city.country[0]),
    countryCode: text(city.country[1]),
    postalCode: text(city.postalCode),
    timezone: text(city.timezone),
    latitude: number(city.latitude),
    longitude: number(city.longitude),
  })
}

/** A sale's item, in the attributes of the record type `sale`. */
export function saleItem(event: TourEvent, sale: TourSale): Members {
  return members({
    type: text('sale'),
    id: text(sale.id),
    eventId: text(event.id),
    name: text(sale.name),
    saleTypes: sale.types,
    saleStartDate: text(isoDay(sale.startMs)),
    saleStartDateTime: event.dates(sale.startMs),
    saleEndDateTime: event.dates(sale.startMs + 2 * dayMs),
  })
}

/** `YYYY-MM-DD` of the UTC day. */
function isoDay(instantMs: number): string {
  return new Date(instantMs).toISOString().slice(0, 10)
}

/** The announcement: every event, each followed by its sales. */
export function catalogChanges(tour: readonly TourEvent[]): Omit<ItemChange, 'micros'>[] {
  return tour.flatMap((event) => [
    { type: 'event', operation: 'INSERT' as const, keys: eventKeys(event), after: eventItem(event) },
    ...event.sales.map((sale) => ({
      type: 'sale',
      operation: 'INSERT' as const,
      keys: saleKeys(event, sale),
      after: saleItem(event, sale),
    })),
  ])
}

/**
 * The edit number `n`: a new date, a new name, a postponed sale, in turn; the list of events is brought up to date
 * in place. The announced event is never renamed, since the requests quote its name. An event without a first
 * sight, and a sale, move to another partition with their date.
 */
export function editChange(tour: TourEvent[], n: number, micros: number): ItemChange {
  const others = tour.length - 1
  const index = n === 0 || others === 0 ? 0 : 1 + (Math.floor(n / 3) % others)
  const before = tour[index]!
  const after = editEvent(before, n % 3, index, n, Math.floor(micros / 1000))
  tour[index] = after
  if (after.sales === before.sales) {
    return {
      type: 'event',
      operation: 'MODIFY',
      micros,
      keys: eventKeys(after),
      before: eventItem(before),
      after: eventItem(after),
    }
  }
  const last = after.sales.length - 1
  return {
    type: 'sale',
    operation: 'MODIFY',
    micros,
    keys: saleKeys(after, after.sales[last]!),
    before: saleItem(before, before.sales[last]!),
    after: saleItem(after, after.sales[last]!),
  }
}

function editEvent(event: TourEvent, kind: number, index: number, n: number, nowMs: number): TourEvent {
  if (kind === 2) {
    const last = event.sales.length - 1
    const sale = event.sales[last]!
    return { ...event, sales: event.sales.with(last, { ...sale, startMs: postponed(sale.startMs, nowMs) }) }
  }
  if (kind === 1 && index > 0) {
    // The name tells which edit made it.
    return { ...event, name: `${event.artistName} – ${event.city.city}, take ${n + 1}`, updatedMs: nowMs }
  }
  return { ...event, startMs: postponed(event.startMs ?? nowMs + 90 * dayMs, nowMs), updatedMs: nowMs }
}

/** A day later; after two years of that, soon again, so that many edits stay in the range of sound dates. */
function postponed(startMs: number, nowMs: number): number {
  const wholeMs = Math.floor(startMs / 1000) * 1000
  return wholeMs > nowMs + 700 * dayMs ? wholeMs - 690 * dayMs : wholeMs + dayMs
}
