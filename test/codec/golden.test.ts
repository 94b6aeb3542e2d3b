import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readContainer } from '../../src/codec/container.ts'
import { parseRecordType } from '../../src/record/type.ts'
import { catalog } from './example.ts'
import { catalogOf, currentVersion, goldenPairs, goldenUrl, planGolden, rowsAsJson } from './goldenpair.ts'
import { peerRows, plain } from './peer.ts'

const pairs = goldenPairs()
const bytesOf = (pair: string) => readFileSync(goldenUrl(`${pair}.avro`))

describe('the archive of a release', () => {
  it.each(pairs)('%s reads as it did when it was written', (pair) => {
    expect(rowsAsJson(bytesOf(pair), pair)).toBe(readFileSync(goldenUrl(`${pair}.json`), 'utf8'))
  })

  it.each(pairs)('%s is read by avsc alike', async (pair) => {
    const container = readContainer(bytesOf(pair), pair)
    const type = parseRecordType(container.schema, pair)
    const theirs = await peerRows(bytesOf(pair))
    expect([...container.rows()].map((row) => plain(type, row))).toEqual(
      theirs.map((row) => plain(type, row)),
    )
  })

  it.each(pairs.filter((pair) => pair.startsWith(`${currentVersion}/`)))(
    '%s is still written, byte for byte',
    (pair) => {
      const bytes = bytesOf(pair)
      const catalog = catalogOf(readContainer(bytes, pair).schema)
      expect(Buffer.from(planGolden(pair, catalog).bytes)).toEqual(bytes)
    },
  )

  it.each(pairs)('%s says where it came from', (pair) => {
    const { metadata } = readContainer(bytesOf(pair), pair)
    expect(Object.fromEntries([...metadata].filter(([name]) => name.startsWith('dmd.')))).toEqual({
      'dmd.format': pair.slice(1, pair.indexOf('/')),
      'dmd.stream': 'golden',
      'dmd.shard': 'shardId-000000000000',
      'dmd.first': '49000',
      'dmd.last': '49003',
      'dmd.count': '4',
    })
  })

  it('covers every record type', () => {
    expect(pairs.filter((pair) => pair.startsWith(currentVersion))).toEqual(
      [...catalog.keys()].map((type) => `${currentVersion}/${type}`),
    )
  })
})
