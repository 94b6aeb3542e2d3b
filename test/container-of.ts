import { encodeValue } from '../src/codec/avro.ts'
import { type ContainerSpec, writeContainer } from '../src/codec/container.ts'
import type { RecordType, RecordValue } from '../src/record/type.ts'

/** A container of rows of a type. By default without compression, metadata, or a sync marker of its own. */
export function containerOf(
  spec: Pick<ContainerSpec, 'schema'> & Partial<ContainerSpec> & { readonly type: RecordType },
  rows: readonly RecordValue[],
): Uint8Array {
  const { type, ...given } = spec
  const whole = {
    codec: 'null',
    metadata: new Map<string, string>(),
    sync: new Uint8Array(16),
    ...given,
  } as const
  return writeContainer(
    whole,
    rows.map((row) => encodeValue(type, row)),
  )
}
