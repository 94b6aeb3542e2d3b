/** What a batch of so many records took, on average over a sample of batches of one traffic. */
export type BatchFigures = {
  readonly records: number
  /** Data objects, a PUT each. */
  readonly objects: number
  readonly avroBytes: number
  /** Of these, the objects and bytes of the record type that is asked most: what a query over its table reads. */
  readonly demandObjects: number
  readonly demandBytes: number
  /** Everything that the function writes to its log, metrics included. */
  readonly logBytes: number
  readonly logLines: number
  /** CPU time of the worker's process, user and system, the median of the rounds. */
  readonly cpuMs: number
  /** The most memory that a process held after a batch which did nothing but batches of this size, in MB of 2^20 bytes. */
  readonly rssMb: number
}

/** Sizes are means over all changes of the traffic; units are rounded up a record first, as they are billed. */
export type TrafficFigures = {
  readonly changes: number
  readonly requests: number
  /** Of a change record as it is in Kinesis. */
  readonly payloadBytes: number
  /** Of a record in the event that Lambda is given: the payload in base64, and what is around it. */
  readonly eventBytes: number
  /** Of the larger of the item's two images, as DynamoDB counts. */
  readonly itemBytes: number
  /** Units of 1 KB of the item: write request units, and change data capture units. */
  readonly itemUnits: number
  /** Units of 1 KB of the payload. */
  readonly kinesisUnits: number
  /** Units of 25 KB of the payload. */
  readonly putUnits: number
  /** Units of 5 KB of the payload. */
  readonly firehoseUnits: number
  /** In the busiest second. */
  readonly peakChangesPerSecond: number
  /** By growing size. */
  readonly batches: readonly BatchFigures[]
}

/** What a record costs that is bad, beside its share of a batch. */
export type ErrorFigures = { readonly fileBytes: number; readonly logBytes: number }

/** What `dmd up` on the measuring machine did with a surge as fast as it takes it. */
export type LocalFigures = {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly changes: number
  readonly objects: number
  readonly lagMostMs: number
}

/** What `bench/cost.ts` found; `measured.json` holds it. */
export type Measured = {
  readonly date: string
  readonly node: string
  readonly machine: string
  readonly seed: string
  readonly rounds: number
  readonly traffic: { readonly surge: TrafficFigures; readonly steady: TrafficFigures }
  readonly errors: ErrorFigures
  /** A process that has just begun: CPU until the handler is there, and for its first batch of 1,000 records of the surge. */
  readonly start: { readonly loadCpuMs: number; readonly firstCpuMs: number }
  readonly local: LocalFigures
}
