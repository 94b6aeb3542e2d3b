import type { RecordCode, RunCode } from '../src/record/error.ts'
import type { Json } from '../src/record/type.ts'

/** One operation of a JSON Patch. */
type Operation = { readonly op: 'add' | 'replace' | 'remove'; readonly path: string; readonly value?: Json }

/** How a sound record gets a code, and how it loses it again. */
export type RecordExample =
  | {
      /** Which of `soundRecords`. */
      readonly of: keyof typeof soundRecords
      /** Where to look, a JSON Pointer. */
      readonly at: string
      readonly spoil: readonly Operation[]
      /** The edit for `dmd replay`; none where nothing in the record is wrong. */
      readonly fix?: readonly Operation[]
    }
  /** A payload that no patch can be tried on. */
  | { readonly payload: string }
  /** Nothing that a record says makes it. */
  | { readonly told: string }

const image = '/dynamodb/NewImage'
const time = '/dynamodb/ApproximateCreationDateTime'

/** An example of every code that a record can have. Each is run by a test. */
export const recordExamples: { readonly [code in RecordCode]: RecordExample } = {
  RECORD_TOO_LARGE: { told: 'A line of 11 MiB in a file that was given to `dmd deliver`.' },
  NOT_UTF8: { payload: '{"eventID": "caf\\xe9"}, one byte for the é' },
  NOT_JSON: { payload: '{"eventID": "0001", "dynamodb": {"Keys": {"PK": {"S": "FAN#fan' },
  NOT_A_CHANGE: { payload: '{"order": 7, "paid": true}' },
  OPERATION_UNKNOWN: {
    of: 'demand',
    at: '/eventName',
    spoil: [{ op: 'replace', path: '/eventName', value: 'CREATE' }],
    fix: [{ op: 'replace', path: '/eventName', value: 'INSERT' }],
  },
  KEYS_INVALID: {
    of: 'demand',
    at: '/dynamodb/Keys',
    spoil: [{ op: 'replace', path: '/dynamodb/Keys', value: {} }],
    fix: [
      {
        op: 'replace',
        path: '/dynamodb/Keys',
        value: { PK: { S: 'FAN#fan-1' }, SK: { S: 'DEMAND#event-1#sale-1' } },
      },
    ],
  },
  IMAGE_MISSING: {
    of: 'demand',
    at: '',
    spoil: [{ op: 'replace', path: '/eventName', value: 'REMOVE' }],
    fix: [{ op: 'replace', path: '/eventName', value: 'INSERT' }],
  },
  TIME_INVALID: {
    of: 'demand',
    at: time,
    spoil: [{ op: 'replace', path: time, value: 1739471400 }],
    fix: [{ op: 'replace', path: time, value: 1739471400000 }],
  },
  TIME_MISSING: {
    of: 'demand',
    at: '/dynamodb/Keys',
    spoil: [{ op: 'remove', path: time }],
    fix: [{ op: 'add', path: time, value: 1739471400250 }],
  },
  TYPE_UNKNOWN: {
    of: 'demand',
    at: `${image}/type`,
    spoil: [{ op: 'replace', path: `${image}/type`, value: { S: 'demnad' } }],
    fix: [{ op: 'replace', path: `${image}/type`, value: { S: 'demand' } }],
  },
  FIELD_MISSING: {
    of: 'demand',
    at: image,
    spoil: [{ op: 'remove', path: `${image}/saleId` }],
    fix: [{ op: 'add', path: `${image}/saleId`, value: { S: 'sale-1' } }],
  },
  FIELD_EMPTY: {
    of: 'demand',
    at: `${image}/eventId`,
    spoil: [{ op: 'replace', path: `${image}/eventId`, value: { S: '' } }],
    fix: [{ op: 'replace', path: `${image}/eventId`, value: { S: 'event-1' } }],
  },
  FIELD_TYPE: {
    of: 'notification',
    at: `${image}/sendAttempts`,
    spoil: [{ op: 'add', path: `${image}/sendAttempts`, value: { S: '2' } }],
    fix: [{ op: 'replace', path: `${image}/sendAttempts`, value: { N: '2' } }],
  },
  NUMBER_INEXACT: {
    of: 'notification',
    at: `${image}/sendAttempts`,
    spoil: [{ op: 'add', path: `${image}/sendAttempts`, value: { N: '1.5' } }],
    fix: [{ op: 'replace', path: `${image}/sendAttempts`, value: { N: '1' } }],
  },
  DATE_INVALID: {
    of: 'demand',
    at: `${image}/date`,
    spoil: [{ op: 'replace', path: `${image}/date/M/requested`, value: { S: '13.02.2025 18:30' } }],
    fix: [{ op: 'replace', path: `${image}/date/M/requested`, value: { S: '2025-02-13T18:30:00Z' } }],
  },
  SYMBOL_UNKNOWN: {
    told: 'A type of your own with `{"type": "enum", "symbols": ["EMAIL", "SMS"]}` and an item with `FAX`.',
  },
  ATTRIBUTE_MALFORMED: {
    of: 'demand',
    at: `${image}/fanId`,
    spoil: [{ op: 'replace', path: `${image}/fanId`, value: 'fan-1' }],
    fix: [{ op: 'replace', path: `${image}/fanId`, value: { S: 'fan-1' } }],
  },
  PARTITION_OUT_OF_RANGE: {
    of: 'demand',
    at: `${image}/date`,
    spoil: [{ op: 'replace', path: `${image}/date/M/requested`, value: { S: '1970-01-01T00:00:00Z' } }],
    fix: [{ op: 'replace', path: `${image}/date/M/requested`, value: { S: '2025-02-13T18:30:00Z' } }],
  },
  PUT_FAILED: {
    told: 'One file with all records of the object, and the key under which it was to be written.',
  },
  BATCH_GIVEN_UP: {
    told: 'A file below `failed/aws/lambda/`, with the whole event of the function in `payload`.',
  },
  EXTRA_TOO_LARGE: {
    told: 'A type of your own with a map of records, and an item with an entry whose name has 200,000 characters and whose record has 100 attributes more than the schema.',
  },
  INTERNAL: { told: '`unexpected TypeError while the record was read`.' },
}

/** Records that are accepted as they stand, and as small as they may be. */
export const soundRecords = {
  demand: envelope({
    type: { S: 'demand' },
    fanId: { S: 'fan-1' },
    eventId: { S: 'event-1' },
    saleId: { S: 'sale-1' },
    date: { M: { requested: { S: '2025-02-13T18:30:00Z' } } },
  }),
  notification: envelope({
    type: { S: 'notification' },
    fanId: { S: 'fan-1' },
    eventId: { S: 'event-1' },
    saleId: { S: 'sale-1' },
    date: { M: { created: { S: '2025-02-13T18:31:00Z' } } },
  }),
}

function envelope(newImage: Json) {
  return {
    eventID: '0001',
    eventName: 'INSERT',
    dynamodb: {
      ApproximateCreationDateTime: 1739471400250,
      Keys: { PK: { S: 'FAN#fan-1' }, SK: { S: 'DEMAND#event-1#sale-1' } },
      NewImage: newImage,
    },
  }
}

/** When a person meets a code that a run has, and what is printed then. */
export type RunExample = {
  /** In words, where it is no command. */
  readonly when?: string
  /** A command of `dmd`, which a test runs in a folder with these files and an archive in `./archive`. */
  readonly command?: string
  readonly env?: { readonly [name: string]: string }
  readonly files?: { readonly [name: string]: string }
  /** The whole message. `/home/ada` stands for the folder in which the command runs. */
  readonly says: string
}

export const runExamples: { readonly [code in RunCode]: RunExample } = {
  SCHEMA_INVALID: {
    command: 'dmd schema check broken.avsc',
    files: { 'broken.avsc': '{"type":"record","name":"x","fields":[{"name":"a","type":"strin"}]}' },
    says: 'broken.avsc: a: the type "strin" is not known here; a name must be declared before its use',
  },
  SETTING_INVALID: {
    command: 'dmd errors list',
    env: { DMD_CODEC: 'zip' },
    says: 'environment: DMD_CODEC is "zip": Invalid option: expected one of "deflate"|"null"',
  },
  KEY_INVALID: {
    when: 'A program of yours puts an object.',
    says: `the key "data//x.avro" cannot be stored: it has an empty part. Use single '/' between parts, none first or last.`,
  },
  SOURCE_UNAVAILABLE: {
    when: 'The stream that `dmd worker` reads is gone, or refuses.',
    says: 'Kinesis could not read the stream changes (AccessDeniedException). Give this role kinesis:GetRecords on it.',
  },
  TABLE_UNAVAILABLE: {
    when: 'The table that `dmd up` writes is gone, or refuses.',
    says: 'DynamoDB could not use the table demand (ResourceNotFoundException). Create the table, or correct its name or region.',
  },
  STORE_UNAVAILABLE: {
    command: 'dmd errors list --archive nowhere',
    says: 'there is no archive at /home/ada/nowhere yet. Deliver records to it first, or correct the path.',
  },
  STORE_BUSY: {
    when: 'Two processes replace one object for a long time.',
    says: 'the object data/x.avro is locked by another process (host-4242-87654-3). Run the same command again; if that process runs on another machine and is gone for good, remove archive/.dmd/locks/x.',
  },
  CHECKPOINT_INVALID: {
    when: 'A file in the state folder of `dmd up` was edited.',
    says: 'the checkpoint state/checkpoints/shard.json is damaged; deleting it has the shard read again from its oldest record.',
  },
  STATE_IN_USE: {
    when: '`dmd up` is started a second time in one folder.',
    says: 'the state folder ./state is in use by dmd up (process 4242), which runs since 2025-02-13T18:30:00Z.',
  },
  EVENT_INVALID: {
    when: 'The function was mapped to a queue.',
    says: 'this is no Lambda event of a Kinesis stream or of DynamoDB Streams: each of its Records needs the eventSource aws:kinesis or aws:dynamodb',
  },
  INPUT_INVALID: {
    command: 'dmd deliver nowhere.jsonl --archive archive',
    says: "nowhere.jsonl: ENOENT: no such file or directory, stat 'nowhere.jsonl'\nNothing was delivered.",
  },
  OUTPUT_INVALID: {
    command: 'dmd query --saved top-events --archive archive -o nowhere/top.csv',
    says: 'nowhere/top.csv cannot be written: ENOENT: no such file or directory',
  },
  ACCOUNTING: {
    when: 'A batch does not add up.',
    says: 'changes shardId-000000000000: 1000 records in, 998 delivered, 1 errored',
  },
  CONTAINER_INVALID: {
    command: 'dmd query --saved top-events --archive archive',
    files: { 'archive/data/demand/partition_date=2025-02-13/cut.avro': 'Obj\u0001\u0002\u0014dmd.format' },
    says: 'data/demand/partition_date=2025-02-13/cut.avro, byte 16: 1 byte is due beyond the end',
  },
  DEPLOY_FAILED: {
    when: 'The account is not bootstrapped for the CDK.',
    says: 'the CDK ended with 1; what it said stands above.',
  },
  QUERY_LIMIT: {
    command: 'dmd query --max-rows 1 --archive archive "SELECT 1 UNION ALL SELECT 2"',
    says: 'the result has more than 1 row; narrow it, or allow more: --max-rows, or the setting queryRowsMax',
  },
  QUERY_REFUSED: {
    command: 'dmd query --archive archive "DROP TABLE demand"',
    says: 'DROP is not allowed; a query only reads tables: SELECT, EXPLAIN of a SELECT, DESCRIBE, SHOW, MSCK REPAIR TABLE, ALTER TABLE … ADD PARTITION. Instead: tables follow from the schemas',
  },
  QUERY_FAILED: {
    command: 'dmd query --archive archive "SELECT nonesuch FROM demand"',
    says: "line 1:8: Column 'nonesuch' cannot be resolved\n\n  SELECT nonesuch FROM demand\n         ^",
  },
}
