// Generated from the schemas in this folder by `npm run generate`: change them, not this file.

/** A fan's request to be reminded when tickets go on sale. */
export type DemandRow = {
  /** The record type: `demand`. */
  readonly type: string
  /** The fan who asks. */
  readonly fanId: string
  /** The event that the fan wants to attend. */
  readonly eventId: string
  /** The sale of that event that the fan waits for. */
  readonly saleId: string
  /** The artist who performs. */
  readonly artistId: string | null
  /** The event's name when the fan asked. */
  readonly eventName: string | null
  /** The sale's name when the fan asked. */
  readonly saleName: string | null
  /** The artist's name when the fan asked. */
  readonly artistName: string | null
  /** When the fan asked, as the capturing service wrote it beside `date`. */
  readonly requestedDateTime: number | null
  /** The number to remind the fan on. */
  readonly phoneNumber: string | null
  /** The address to remind the fan at. */
  readonly email: string | null
  /** How the fan wants to be reminded, such as `SMS` or `EMAIL`. */
  readonly contactMethod: string | null
  /** What kind of reminder was asked for. */
  readonly demandType: string | null
  /** The text of the reminder. */
  readonly messageBody: string | null
  /** The fan's account in a ticketing system, written `{id}-{databaseId}.{memberId}`. */
  readonly systemUserId: string | null
  /** The parts of `systemUserId`; null when it is absent or of another form. */
  readonly system: {
    /** The ticketing system. */
    readonly id: string | null
    /** The database within it. */
    readonly databaseId: string | null
    /** The member within that database. */
    readonly memberId: string | null
  } | null
  /** When the request passed each step of its life. */
  readonly date: {
    /** When the fan asked. */
    readonly requested: number
    /** When the reminder became due. */
    readonly triggered: number | null
    /** When the fan was reminded. */
    readonly notified: number | null
    /** When the request was deleted. */
    readonly deleted: number | null
  }
  /** False for a live record; true for the row of a delete, whose personal data is redacted. */
  readonly isDeleted: boolean
  /** What the record is called, and its own latest time. */
  readonly reference: {
    /** The record's name, made from its fields as its schema says. */
    readonly id: string
    /** The latest step in the record's life, else the change's own time. */
    readonly timestamp: number
  }
  /** The change in the source table that this row tells of. */
  readonly change: {
    /** The change's identifier (`eventID`). */
    readonly id: string
    /** `INSERT`, `MODIFY`, `REMOVE`, or `SNAPSHOT` for a state that was read rather than streamed. */
    readonly operation: string
    /** When the change happened, to the millisecond. */
    readonly timestamp: number
    /** When the change happened, in microseconds since 1970. */
    readonly micros: number | bigint
    /** The item's key attributes as canonical JSON: names sorted, no spaces. */
    readonly key: string
    /** The stream's sequence number, padded to 60 digits. */
    readonly sequence: string | null
    /** For a change that moved the item to another partition: the one it left. */
    readonly previousPartition: string | null
    /** Who made the change, where it was no user: `ttl` for DynamoDB's expiry. */
    readonly actor: string | null
    /** The DynamoDB table that the item is in; null in rows of releases that did not keep it. */
    readonly table: string | null
  }
  /** Every attribute that the schema does not model, by its JSON Pointer, as JSON text. */
  readonly extra: ReadonlyMap<string, string>
}

/** A concert, match or show that tickets are sold for. */
export type EventRow = {
  /** The record type: `event`. */
  readonly type: string
  /** The event's identifier. */
  readonly id: string
  /** The event's name. */
  readonly name: string | null
  /** The event's page. */
  readonly url: string | null
  /** The language of the event's texts, such as `en-us`. */
  readonly locale: string | null
  /** Whether the event is hidden from fans. */
  readonly isSuppressed: boolean | null
  /** When the event takes place. */
  readonly eventDate: {
    /** When the event begins. */
    readonly start: {
      /** The instant. */
      readonly dateTime: number | null
      /** The date on the calendar of the venue. */
      readonly localDate: number | null
    } | null
    /** When the event ends. */
    readonly end: {
      /** The instant. */
      readonly dateTime: number | null
      /** The date on the calendar of the venue. */
      readonly localDate: number | null
    } | null
    /** The venue's time zone, such as `America/Chicago`. */
    readonly timezone: string | null
  } | null
  /** What kind of event it is; one of them may be primary. */
  readonly classifications: readonly {
    /** Whether this is the main classification. */
    readonly primary: boolean | null
    /** The broadest class, such as music. */
    readonly segment: {
      /** The identifier. */
      readonly id: string | null
      /** The name for people. */
      readonly name: string | null
    } | null
    /** The genre. */
    readonly genre: {
      /** The identifier. */
      readonly id: string | null
      /** The name for people. */
      readonly name: string | null
    } | null
    /** The genre within the genre. */
    readonly subGenre: {
      /** The identifier. */
      readonly id: string | null
      /** The name for people. */
      readonly name: string | null
    } | null
  }[]
  /** Where the event takes place. */
  readonly venues: readonly {
    /** The venue's identifier. */
    readonly id: string | null
    /** The venue's name. */
    readonly name: string | null
    /** The city. */
    readonly city: string | null
    /** The state or province. */
    readonly state: string | null
    /** The state's code. */
    readonly stateCode: string | null
    /** The country. */
    readonly country: string | null
    /** The country's ISO 3166 code. */
    readonly countryCode: string | null
    /** The postal code. */
    readonly postalCode: string | null
    /** The venue's time zone. */
    readonly timezone: string | null
    /** Degrees north. */
    readonly latitude: number | null
    /** Degrees east. */
    readonly longitude: number | null
  }[]
  /** Who performs. */
  readonly attractions: readonly {
    /** The identifier. */
    readonly id: string | null
    /** The name for people. */
    readonly name: string | null
  }[]
  /** Who organises the event. */
  readonly promoter: {
    /** The identifier. */
    readonly id: string | null
    /** The name for people. */
    readonly name: string | null
  } | null
  /** When the event's record passed each step of its life. */
  readonly date: {
    /** When the event was first known. */
    readonly firstSeen: number | null
    /** When the event last changed. */
    readonly updated: number | null
    /** When the event was deleted. */
    readonly deleted: number | null
  } | null
  /** False for a live record; true for the row of a delete, whose personal data is redacted. */
  readonly isDeleted: boolean
  /** What the record is called, and its own latest time. */
  readonly reference: {
    /** The record's name, made from its fields as its schema says. */
    readonly id: string
    /** The latest step in the record's life, else the change's own time. */
    readonly timestamp: number
  }
  /** The change in the source table that this row tells of. */
  readonly change: {
    /** The change's identifier (`eventID`). */
    readonly id: string
    /** `INSERT`, `MODIFY`, `REMOVE`, or `SNAPSHOT` for a state that was read rather than streamed. */
    readonly operation: string
    /** When the change happened, to the millisecond. */
    readonly timestamp: number
    /** When the change happened, in microseconds since 1970. */
    readonly micros: number | bigint
    /** The item's key attributes as canonical JSON: names sorted, no spaces. */
    readonly key: string
    /** The stream's sequence number, padded to 60 digits. */
    readonly sequence: string | null
    /** For a change that moved the item to another partition: the one it left. */
    readonly previousPartition: string | null
    /** Who made the change, where it was no user: `ttl` for DynamoDB's expiry. */
    readonly actor: string | null
    /** The DynamoDB table that the item is in; null in rows of releases that did not keep it. */
    readonly table: string | null
  }
  /** Every attribute that the schema does not model, by its JSON Pointer, as JSON text. */
  readonly extra: ReadonlyMap<string, string>
}

/** One message to a fan about a sale. */
export type NotificationRow = {
  /** The record type: `notification`. */
  readonly type: string
  /** The fan who is written to. */
  readonly fanId: string
  /** The event that the message is about. */
  readonly eventId: string
  /** The sale that the message is about. */
  readonly saleId: string
  /** The sale's name when the message was made. */
  readonly saleName: string | null
  /** How the fan is reached, such as `SMS` or `EMAIL`. */
  readonly contactMethod: string | null
  /** The number that the message goes to. */
  readonly phoneNumber: string | null
  /** The address that the message goes to. */
  readonly email: string | null
  /** The text of the message. */
  readonly messageBody: string | null
  /** The latest state that the carrier reported. */
  readonly status: {
    /** The state, such as `SENT` or `DELIVERED`. */
    readonly id: string | null
    /** When the state was reached. */
    readonly date: number | null
  } | null
  /** How often sending was tried. */
  readonly sendAttempts: number | null
  /** The carrier's name for the message. */
  readonly messageId: string | null
  /** The group of messages that were sent together. */
  readonly groupId: string | null
  /** When the message passed each step of its life. */
  readonly date: {
    /** When the message was made. */
    readonly created: number
    /** When the message last changed. */
    readonly updated: number | null
    /** When the message became due. */
    readonly triggered: number | null
    /** When the message was queued for sending. */
    readonly queued: number | null
    /** When the carrier took the message. */
    readonly sent: number | null
    /** When the message reached the fan. */
    readonly delivered: number | null
    /** When the message was deleted. */
    readonly deleted: number | null
  }
  /** False for a live record; true for the row of a delete, whose personal data is redacted. */
  readonly isDeleted: boolean
  /** What the record is called, and its own latest time. */
  readonly reference: {
    /** The record's name, made from its fields as its schema says. */
    readonly id: string
    /** The latest step in the record's life, else the change's own time. */
    readonly timestamp: number
  }
  /** The change in the source table that this row tells of. */
  readonly change: {
    /** The change's identifier (`eventID`). */
    readonly id: string
    /** `INSERT`, `MODIFY`, `REMOVE`, or `SNAPSHOT` for a state that was read rather than streamed. */
    readonly operation: string
    /** When the change happened, to the millisecond. */
    readonly timestamp: number
    /** When the change happened, in microseconds since 1970. */
    readonly micros: number | bigint
    /** The item's key attributes as canonical JSON: names sorted, no spaces. */
    readonly key: string
    /** The stream's sequence number, padded to 60 digits. */
    readonly sequence: string | null
    /** For a change that moved the item to another partition: the one it left. */
    readonly previousPartition: string | null
    /** Who made the change, where it was no user: `ttl` for DynamoDB's expiry. */
    readonly actor: string | null
    /** The DynamoDB table that the item is in; null in rows of releases that did not keep it. */
    readonly table: string | null
  }
  /** Every attribute that the schema does not model, by its JSON Pointer, as JSON text. */
  readonly extra: ReadonlyMap<string, string>
}

/** A period in which tickets of an event are sold. */
export type SaleRow = {
  /** The record type: `sale`. */
  readonly type: string
  /** The sale's identifier within its event. */
  readonly id: string
  /** The event whose tickets are sold. */
  readonly eventId: string
  /** The sale's name. */
  readonly name: string | null
  /** The kinds of sale, such as `PRESALE`. */
  readonly saleTypes: readonly string[]
  /** The date on which the sale begins, on the venue's calendar. */
  readonly saleStartDate: number | null
  /** When the sale begins. */
  readonly saleStartDateTime: number
  /** When the sale ends. */
  readonly saleEndDateTime: number | null
  /** When the sale's record passed each step of its life. */
  readonly date: {
    /** When the sale was deleted. */
    readonly deleted: number | null
  } | null
  /** False for a live record; true for the row of a delete, whose personal data is redacted. */
  readonly isDeleted: boolean
  /** What the record is called, and its own latest time. */
  readonly reference: {
    /** The record's name, made from its fields as its schema says. */
    readonly id: string
    /** The latest step in the record's life, else the change's own time. */
    readonly timestamp: number
  }
  /** The change in the source table that this row tells of. */
  readonly change: {
    /** The change's identifier (`eventID`). */
    readonly id: string
    /** `INSERT`, `MODIFY`, `REMOVE`, or `SNAPSHOT` for a state that was read rather than streamed. */
    readonly operation: string
    /** When the change happened, to the millisecond. */
    readonly timestamp: number
    /** When the change happened, in microseconds since 1970. */
    readonly micros: number | bigint
    /** The item's key attributes as canonical JSON: names sorted, no spaces. */
    readonly key: string
    /** The stream's sequence number, padded to 60 digits. */
    readonly sequence: string | null
    /** For a change that moved the item to another partition: the one it left. */
    readonly previousPartition: string | null
    /** Who made the change, where it was no user: `ttl` for DynamoDB's expiry. */
    readonly actor: string | null
    /** The DynamoDB table that the item is in; null in rows of releases that did not keep it. */
    readonly table: string | null
  }
  /** Every attribute that the schema does not model, by its JSON Pointer, as JSON text. */
  readonly extra: ReadonlyMap<string, string>
}

/** The row of each record type, by its name. */
export type Rows = {
  readonly demand: DemandRow
  readonly event: EventRow
  readonly notification: NotificationRow
  readonly sale: SaleRow
}
