import { expect, test } from 'vitest'
import { toObjectError, toRecordError } from '../../src/delivery/error-file.ts'
import { parseErrorFile, payloadsOf } from '../../src/errors/read.ts'

const origin = { stream: 's', shard: 'h' }
const record = { payload: Buffer.from('{"a":"line\\nbreak"}\n{'), sequence: '7', arrivedMs: 0 }
const rejection = { code: 'NOT_JSON', stage: 'decode', message: 'the payload is not JSON' } as const
const files = [
  toRecordError(origin, record, 0, rejection, 'id-1'),
  toRecordError(origin, { ...record, payload: Uint8Array.of(0xff) }, 0, rejection, undefined),
  toObjectError(origin, [record, record], 0, 'data/x.avro'),
]

test('an error file is one line of JSON, whatever its records hold', () => {
  for (const bytes of files) {
    const text = Buffer.from(bytes).toString('utf8')
    expect(text.indexOf('\n')).toBe(text.length - 1)
    expect(JSON.parse(text)).toMatchObject({ timestamp: '1970-01-01T00:00:00.000Z', attempt: 0 })
  }
})

test('an error file of an earlier release, printed over several lines, reads as the same', () => {
  for (const bytes of files) {
    const file = parseErrorFile(bytes)
    const earlier = Buffer.from(
      `${JSON.stringify(JSON.parse(Buffer.from(bytes).toString('utf8')), null, 2)}\n`,
    )
    expect(parseErrorFile(earlier)).toStrictEqual(file)
    expect(file && payloadsOf(file).length).toBeGreaterThan(0)
  }
})
