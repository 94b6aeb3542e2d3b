import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordExamples, runExamples, soundRecords } from '../../docs-tools/error-examples.ts'
import { apply } from '../../docs-tools/reference.ts'
import { loadCatalog } from '../../src/catalog.ts'
import { planBatch } from '../../src/delivery/plan.ts'
import { toRules } from '../../src/delivery/rules.ts'
import { parsePatch } from '../../src/errors/edit.ts'
import { type Code, codes, fixFor, type RecordCode } from '../../src/record/error.ts'
import type { Json } from '../../src/record/type.ts'
import { readSettings } from '../../src/settings.ts'
import { records } from '../changes.ts'
import { dmdProcess } from '../cli/process.ts'

const rules = toRules(loadCatalog(), readSettings({}))
const bytesOf = (value: Json) => Buffer.from(JSON.stringify(value))
const planned = (payload: Uint8Array, over = rules) =>
  planBatch({ stream: 's', shard: '0', records: records([payload]) }, over)

describe('a record code', () => {
  test.each(Object.entries(soundRecords))('the sound %s of the examples is accepted', (_, record) => {
    expect(planned(bytesOf(record)).errors).toEqual([])
  })

  for (const [code, example] of Object.entries(recordExamples)) {
    if ('of' in example)
      test(`the example of ${code} yields it, and its fix mends it`, () => {
        const bad = bytesOf(apply(soundRecords[example.of], example.spoil))
        const [error] = planned(bad).errors
        expect(error?.rejection.code).toBe(code)
        expect(error?.rejection.stage).toBe(codes[code as RecordCode].stage)
        const edited = parsePatch(bytesOf((example.fix ?? []) as Json), code).apply(bad)
        expect(edited.ok).toBe(true)
        if (edited.ok) expect(planned(edited.payload).errors.map(({ rejection }) => rejection)).toEqual([])
        // What is shown is where the error is, or around it.
        if (code !== 'TIME_MISSING') expect(pointed(error?.rejection).startsWith(example.at)).toBe(true)
      })
    else if ('payload' in example)
      test(`the example of ${code} yields it`, () => {
        const bytes =
          code === 'NOT_UTF8' ? Buffer.from('{"eventID": "caf\xe9"}', 'latin1') : Buffer.from(example.payload)
        expect(planned(bytes).errors[0]?.rejection.code).toBe(code)
      })
  }

  test('that no record of a built-in type makes is made in another way', () => {
    const told = Object.entries(recordExamples).flatMap(([code, example]) =>
      'told' in example ? [code] : [],
    )
    expect(told.sort()).toEqual([
      'BATCH_GIVEN_UP',
      'EXTRA_TOO_LARGE',
      'INTERNAL',
      'PUT_FAILED',
      'RECORD_TOO_LARGE',
      'SYMBOL_UNKNOWN',
    ])
    const channel = { type: 'enum', name: 'channel', symbols: ['EMAIL', 'SMS'] }
    const demand = JSON.parse(readFileSync('src/schemas/demand.avsc', 'utf8'))
    demand.fields.push({ name: 'channel', type: ['null', channel], default: null })
    const folder = mkdtempSync(join(tmpdir(), 'dmd-enum-'))
    writeFileSync(join(folder, 'demand.avsc'), JSON.stringify(demand))
    const catalog = loadCatalog(folder)
    rmSync(folder, { recursive: true })
    const path = '/dynamodb/NewImage/channel'
    const record = apply(soundRecords.demand, [{ op: 'add', path, value: { S: 'FAX' } }])
    expect(planned(bytesOf(record), { ...rules, catalog }).errors[0]?.rejection.code).toBe('SYMBOL_UNKNOWN')
  })
})

/** A path of an image stands for one in the envelope. */
function pointed(rejection: { stage: string; path?: string } | undefined): string {
  const path = rejection?.path ?? ''
  return rejection?.stage === 'decode' ? path : `/dynamodb/NewImage${path}`
}

describe('a run code', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'dmd-examples-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  for (const [code, { command, env = {}, files = {}, says }] of Object.entries(runExamples)) {
    if (command === undefined) continue
    test(`the command that stands for ${code} fails with it, and says that`, () => {
      const cwd = join(folder, code)
      mkdirSync(join(cwd, 'archive'), { recursive: true })
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(cwd, name)), { recursive: true })
        writeFileSync(join(cwd, name), text)
      }
      const [, ...args] = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([word, quoted]) => quoted ?? word)
      const ran = dmdProcess(args, { cwd, env: { ...env, DMD_CACHE: join(folder, 'cache') } })
      expect(ran.status).not.toBe(0)
      const message = says.replaceAll('/home/ada', cwd)
      const fix = fixFor(code as Code)
      // The message about an archive that is not there says what to do, unlike others of its code.
      const isTold = fix === undefined || says.includes('Deliver records to it first')
      expect(ran.stderr.trimEnd()).toBe(`error: ${message}${isTold ? '' : `\n${code}: ${fix}`}`)
    })
  }
})

test('every code says what it means, what causes it and what to do, each in a sentence', () => {
  for (const [code, { meaning, cause, fix }] of Object.entries(codes))
    for (const text of [meaning, cause, fix]) expect(text, code).toMatch(/^.{16,}\.$/s)
})
