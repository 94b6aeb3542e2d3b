/** What a code means, for its readers. `docs/errors.md` is generated from this table. */
export type CodeEntry = {
  /** `record`: one record failed and is in `errors/`. `run`: the command or invocation failed. */
  readonly scope: 'record' | 'run'
  /** For a record: where it was when it failed. */
  readonly stage?: Stage
  /** True when the same input may succeed later with nothing changed. */
  readonly retryable: boolean
  readonly meaning: string
  /** The usual cause. */
  readonly cause: string
  readonly fix: string
  /** True where every message with this code says by itself what helps, so that the fix is for the reference alone. */
  readonly isFixInMessage?: boolean
}

/**
 * Every code that this project reports, for rejected records and for failed runs.
 *
 * @example
 * console.log(codes.FIELD_MISSING.meaning, codes.FIELD_MISSING.fix)
 */
export const codes = {
  RECORD_TOO_LARGE: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning: 'The payload is larger than any change of a DynamoDB item: it has more than 10 MiB.',
    cause: 'Something else than the table writes to the stream, or a file of another kind was delivered.',
    fix: 'Find what wrote it. A DynamoDB item has at most 400 kB, and no change of one is as large.',
  },
  NOT_UTF8: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning: 'The payload holds bytes that are not UTF-8.',
    cause: 'A producer wrote binary or Latin-1 bytes to the stream.',
    fix: 'Find the writer that put raw bytes on the stream; the error file holds them as base64.',
  },
  NOT_JSON: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning: 'The payload is not JSON.',
    cause: 'A payload was cut off, or something else than the table writes to the stream.',
    fix: 'Usually a cut-off payload or another writer: compare the end of the original with a valid record.',
  },
  NOT_A_CHANGE: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning: 'The payload is JSON, but not a change record of Kinesis Data Streams for DynamoDB.',
    cause: 'Another producer writes to the stream, or a DynamoDB Streams event was put on it unconverted.',
    fix: 'Send only change records to this stream. A DynamoDB Streams event has to be converted first.',
  },
  OPERATION_UNKNOWN: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning: 'eventName is none of INSERT, MODIFY and REMOVE.',
    cause: 'A home-made producer writes the stream and uses words of its own.',
    fix: 'Correct eventName and replay.',
  },
  KEYS_INVALID: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning: "dynamodb.Keys is missing, empty, or holds something that cannot be an item's key.",
    cause: 'A producer left Keys out, or a converter dropped or emptied a key attribute.',
    fix: 'Without Keys the item cannot be named: add them and replay.',
  },
  IMAGE_MISSING: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning:
      'The image that the operation needs is missing: NewImage for INSERT and MODIFY, OldImage for REMOVE.',
    cause: 'The change comes from a stream that carries keys only, or one image of the two.',
    fix: 'The table must stream new and old images.',
  },
  TIME_INVALID: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning: 'ApproximateCreationDateTime is no time in the unit that its precision field names.',
    cause: 'The precision was left out, so that microseconds read as milliseconds, or seconds were written.',
    fix: 'Milliseconds have 13 digits, microseconds 16: correct the value or the precision.',
  },
  TIME_MISSING: {
    scope: 'record',
    stage: 'decode',
    retryable: false,
    meaning: 'Neither the change nor the stream says when it happened.',
    cause: 'A producer left the time out, and the records came from a file, which has no arrival.',
    fix: 'Add ApproximateCreationDateTime and replay.',
  },
  TYPE_UNKNOWN: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning: 'The attribute `type` is missing or names no known record type: invalid record type.',
    cause: 'The table holds items of another kind, or a new type was written before its schema was there.',
    fix: 'Correct the item, or add a schema file for the new type.',
  },
  FIELD_MISSING: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning: 'A required field is absent or NULL.',
    cause: 'The service that writes the items left the attribute out, often since a release of its own.',
    fix: 'Add the field and replay.',
  },
  FIELD_EMPTY: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning: 'A required text is empty.',
    cause: 'A form was sent with an empty field, or a default of "" was written.',
    fix: 'Give the field a value and replay.',
  },
  FIELD_TYPE: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning: 'A field has another type than its schema says. Nothing is coerced.',
    cause:
      'A client library changed how it writes a value: a number as text, a text as a number, a list as a set.',
    fix: 'Write the attribute with the type that the schema names.',
  },
  NUMBER_INEXACT: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning: 'A number cannot be kept exactly: a fraction where an integer is due, or a value out of range.',
    cause: 'A counter was computed in floating point, or an id too large for its type was written.',
    fix: 'Correct the number and replay.',
  },
  DATE_INVALID: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning: 'A date is impossible or in no accepted form.',
    cause: 'A date was formatted by hand, in local form, or with day and month exchanged.',
    fix: 'Use ISO-8601 text, or epoch seconds (10 digits) or milliseconds (13 digits) as a number.',
  },
  SYMBOL_UNKNOWN: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning: "A text is none of its enum's symbols.",
    cause: 'A value was added in the service and not yet in the schema.',
    fix: 'Correct the value, or add the symbol to the schema.',
  },
  ATTRIBUTE_MALFORMED: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning:
      'A value is no DynamoDB attribute value: it is of another form, is nested more than 32 levels deep, or is a number of more than 38 digits.',
    cause: 'Items were written as plain JSON, or with an unknown or a second type tag.',
    fix: 'Compare the attribute with the DynamoDB JSON format: one type tag, one value.',
  },
  EXTRA_TOO_LARGE: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning:
      'The attributes that the schema does not model, each with its path, have more than 4,000,000 characters.',
    cause:
      'A map has an entry of a very long name, and below it very many attributes that the schema does not model.',
    fix: 'Add the attributes to the schema, or shorten the name, and replay.',
  },
  PARTITION_OUT_OF_RANGE: {
    scope: 'record',
    stage: 'place',
    retryable: false,
    meaning: 'The partition date lies outside the configured range, where no query would see the row.',
    cause: 'A placeholder such as 1970-01-01 or 9999-12-31 was written for an unknown date.',
    fix: 'Correct the date, or widen `partitionFrom` or `partitionYearsAhead` for worker and catalog together.',
  },
  PUT_FAILED: {
    scope: 'record',
    stage: 'deliver',
    retryable: true,
    meaning: 'The object that these records were planned into could not be written.',
    cause: 'The archive was out of reach, full or throttled for longer than its client tries.',
    fix: 'Restore the store, then replay: the replay writes the very object that was planned.',
  },
  BATCH_GIVEN_UP: {
    scope: 'record',
    stage: 'invoke',
    retryable: true,
    meaning: 'The worker was called with this batch until its records were too old, and failed each time.',
    cause:
      'The archive was out of reach for longer than the stream may wait, or the function fails as it starts.',
    fix: 'Restore the archive or the function, then replay the file below `failed/`, as it is.',
  },
  INTERNAL: {
    scope: 'record',
    stage: 'validate',
    retryable: false,
    meaning: 'The record met a defect of this program; nothing is lost.',
    cause: 'A combination that no test of this program has met.',
    fix: 'Please report it with the error file; replay after the update.',
  },
  SCHEMA_INVALID: {
    scope: 'run',
    retryable: false,
    meaning: 'A schema file cannot be used.',
    cause: 'A schema was edited by hand, or uses a part of Avro that this program does not.',
    fix: 'The message names the file, the field and what is expected there.',
    isFixInMessage: true,
  },
  SETTING_INVALID: {
    scope: 'run',
    retryable: false,
    meaning: 'A setting is unknown or has an unusable value.',
    cause: 'A name was mistyped, or the value is of another form.',
    fix: 'The message names the setting and the values it takes; see docs/configuration.md.',
    isFixInMessage: true,
  },
  KEY_INVALID: {
    scope: 'run',
    retryable: false,
    meaning: 'An object key cannot be stored: it is empty, too long, or leaves the archive.',
    cause: 'A prefix or a name was put together with empty or dotted parts.',
    fix: 'Use relative keys without empty, `.` or `..` parts.',
  },
  SOURCE_UNAVAILABLE: {
    scope: 'run',
    retryable: true,
    meaning: 'The stream cannot be read.',
    cause: 'Network, rights or throttling; or the stream was deleted.',
    fix: 'See the cause in the message: usually the endpoint, the permissions or throttling.',
  },
  TABLE_UNAVAILABLE: {
    scope: 'run',
    retryable: true,
    meaning: 'The table cannot be read or written.',
    cause: 'Network, rights or throttling; for the embedded table, a full disk or lost rights.',
    fix: 'See the cause in the message: usually the endpoint, the permissions, throttling, or a full disk.',
  },
  STORE_UNAVAILABLE: {
    scope: 'run',
    retryable: true,
    meaning: 'The archive cannot be read or written. Nothing was acknowledged that is stored nowhere.',
    cause: 'A full disk, lost rights, a removed folder; for S3, network, rights or throttling.',
    fix: 'Check space, rights and reachability of the archive, then run the same command again.',
  },
  STORE_BUSY: {
    scope: 'run',
    retryable: true,
    meaning: 'Another process held the lock of an object for too long.',
    cause: 'Another process replaces the same object, or was killed while it did on another machine.',
    fix: 'Run it again; if the other process is gone, its lock is broken after a while by itself.',
  },
  CHECKPOINT_INVALID: {
    scope: 'run',
    retryable: false,
    meaning: 'The folder in which the worker keeps how far it has read cannot be used.',
    cause: 'The file was edited or cut off, or the folder belongs to another version.',
    fix: 'A damaged file may be deleted: its shard is read again from its oldest record, so that changes come twice in the tables and once in their `_changes` views.',
  },
  STATE_IN_USE: {
    scope: 'run',
    retryable: true,
    meaning: 'Another dmd up or dmd worker uses the state folder.',
    cause: 'The command was started twice in one folder.',
    fix: 'Use the one that runs, or stop it; a second one needs a --state and an --archive of its own.',
  },
  EVENT_INVALID: {
    scope: 'run',
    retryable: false,
    meaning:
      'The Lambda was called with something that is not an event of a Kinesis stream or of DynamoDB Streams.',
    cause: 'The function was mapped to another source, or tried with a test event of another service.',
    fix: 'Map the table’s Kinesis stream or its DynamoDB stream to the function, and no other source.',
  },
  INPUT_INVALID: {
    scope: 'run',
    retryable: false,
    meaning: 'An input file cannot be read as lines of change records.',
    cause: 'The file is missing, of another form, or cut off.',
    fix: 'The message names the file and, where one is at fault, the line. `dmd deliver` has delivered what comes before that line: fix the file and deliver it again. What then comes twice is in the tables twice and in their `_changes` views once.',
    isFixInMessage: true,
  },
  OUTPUT_INVALID: {
    scope: 'run',
    retryable: false,
    meaning: 'The file for the result cannot be written.',
    cause: 'The folder does not exist, is not writable, or is full.',
    fix: 'Name a file in a folder that exists, that you may write, and that has room.',
  },
  ACCOUNTING: {
    scope: 'run',
    retryable: true,
    meaning: 'Records in were not delivered plus errored: the batch is refused rather than trusted.',
    cause: 'A defect of this program.',
    fix: 'Please report it; the batch is delivered again and nothing is lost.',
  },
  CONTAINER_INVALID: {
    scope: 'run',
    retryable: false,
    meaning: 'An object is not a valid Avro container.',
    cause: 'The object was cut off or changed outside this program.',
    fix: 'The message names the object and the place; restore it from its source or move it away.',
  },
  DEPLOY_FAILED: {
    scope: 'run',
    retryable: true,
    meaning: 'The deployment to AWS ended with an error.',
    cause: 'Rights, an account that is not bootstrapped, or an option that it does not take.',
    fix: 'The message says it, or what is printed above it; correct it and run the same command again. After a first deployment that failed see docs/deploy.md.',
  },
  QUERY_LIMIT: {
    scope: 'run',
    retryable: false,
    meaning: 'The query passed its bound: of time, of memory, or of rows in its result.',
    cause: 'The query reads more than it was meant to, or the bound is tight.',
    fix: 'Narrow it, by partition_date above all, or raise the bound that the message names.',
    isFixInMessage: true,
  },
  QUERY_REFUSED: {
    scope: 'run',
    retryable: false,
    meaning: 'The statement does something else than reading tables.',
    cause: 'A statement that would write, or reach a file, the network or a setting.',
    fix: 'Use SELECT, EXPLAIN, DESCRIBE, SHOW or MSCK REPAIR TABLE.',
    isFixInMessage: true,
  },
  QUERY_FAILED: {
    scope: 'run',
    retryable: false,
    meaning: 'The SQL engine could not run the statement.',
    cause: 'A name was mistyped, or a value cannot be converted.',
    fix: 'The message names the place in the statement.',
    isFixInMessage: true,
  },
} as const satisfies Record<string, CodeEntry>

export type Code = keyof typeof codes
export type RecordCode = { [C in Code]: (typeof codes)[C]['scope'] extends 'record' ? C : never }[Code]
export type RunCode = Exclude<Code, RecordCode>

/** Where a record was when it failed. */
export type Stage = 'decode' | 'validate' | 'place' | 'deliver' | 'invoke'

/**
 * Why one record is not in the archive's data. `message` and `path` never hold a value of the record,
 * so both may be logged. `path` is a JSON Pointer into the image, or into the envelope for stage `decode`.
 */
export type Rejection = {
  readonly code: RecordCode
  readonly stage: Stage
  readonly message: string
  readonly path?: string
}

/** Returns the fix for a code, undefined when its messages include it. */
export function fixFor(code: Code): string | undefined {
  const entry: CodeEntry = codes[code]
  return entry.isFixInMessage ? undefined : entry.fix
}

type ErrorOptions = {
  readonly cause?: unknown
  /** The message says what helps, though others with its code do not. */
  readonly isFixInMessage?: boolean
}

/**
 * The only error class: a run that cannot go on. Its message is for people and holds no personal data.
 *
 * @example
 * try {
 *   await worker.deliver(batch)
 * } catch (error) {
 *   if (!(error instanceof PipelineError && error.retryable)) throw error
 *   // Deliver the same batch again later.
 * }
 */
export class PipelineError extends Error {
  readonly code: RunCode
  /** What helps, where the message does not say it. */
  readonly fix: string | undefined
  constructor(code: RunCode, message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.name = 'PipelineError'
    this.code = code
    this.fix = options.isFixInMessage ? undefined : fixFor(code)
  }
  get retryable(): boolean {
    return codes[this.code].retryable
  }
}
