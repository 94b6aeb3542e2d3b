// What the laptop and a deployment in AWS have in common, and where they differ on purpose. Settings, the local event source
// mapping and the templates of infra/ import it, so that each value stands once.

/** How many records of a shard a batch has, at most. */
export const batchRecords = 1_000

/** How many batches of a shard are in flight at once. */
export const parallelization = 1

/**
 * How long the first record of a batch waits for more, in milliseconds. On a laptop a person waits for the file. In AWS each
 * batch is a paid call and at least one object, and 5 s are far below the minute in which a change must be archived.
 */
export const batchWindowMs = { local: 1_000, deployed: 5_000 }

/**
 * How old a record may become, in milliseconds, before a batch that keeps failing is discarded. It is below the retention of
 * the stream: a local stream, as a new one of Kinesis, keeps a day, and a deployed one seven days.
 */
export const recordAgeMaxMs = { local: 20 * 3_600_000, deployed: 72 * 3_600_000 }

/** The share of a stream's retention that the age of a record may reach: then there is time left to deliver the next ones. */
export const recordAgeShareMax = 0.75

/** The attribute that DynamoDB's expiry (TTL) reads: epoch seconds, as N. */
export const expiryAttribute = 'expiresAt'
