import { describe, expect, it } from 'vitest'
import { errorReference, settingReference } from '../../docs-tools/reference.ts'
import { schemaReference } from '../../src/derive/markdown.ts'
import { codes } from '../../src/record/error.ts'
import type { RecordType, Type } from '../../src/record/type.ts'
import { describeSettings } from '../../src/settings.ts'
import { catalog } from '../codec/example.ts'

describe('the reference of the schemas', () => {
  it('has a line for every field, however deep', () => {
    const text = schemaReference(catalog)
    for (const schema of catalog.values()) {
      expect(text).toContain(`\n## ${schema.type}\n`)
      for (const name of fieldNames(schema.row)) expect(text).toContain(`\n| \`${name}\` | `)
    }
  })

  it('marks what is required and what is personal', () => {
    const text = schemaReference(catalog)
    expect(text).toContain('| `fanId` | varchar | string | yes |  | The fan who asks. |')
    expect(text).toContain('| `email` | varchar | string |  | yes | The address to remind the fan at. |')
    expect(text).toContain('| `venues[].latitude` | double | double |  |  | Degrees north. |')
    expect(text).toContain(
      '`partition_date` is the UTC day of the first of these that is there: `date.firstseen`',
    )
  })

  it('has a table whose rows all have as many cells as its head', () => {
    for (const text of [schemaReference(catalog), settingReference()]) {
      for (const block of text.split('\n\n').filter((part) => part.startsWith('|'))) {
        const counts = block.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length)
        expect(new Set(counts).size).toBe(1)
      }
    }
  })
})

describe('the reference of the codes and settings', () => {
  it('has a heading for every code, with its stage and its fix', () => {
    const text = errorReference()
    for (const [code, { fix }] of Object.entries(codes)) {
      expect(text).toContain(`\n### ${code}\n`)
      expect(text).toContain(fix)
    }
    expect(text.match(/^- Stage: /gm)?.length).toBe(
      Object.values(codes).filter(({ scope }) => scope === 'record').length,
    )
  })

  it('names every setting and its variable', () => {
    for (const { name, variable } of describeSettings()) {
      expect(settingReference()).toContain(`| \`${name}\` | \`${variable}\` | `)
    }
  })
})

function fieldNames(record: RecordType, prefix = ''): readonly string[] {
  return record.fields.flatMap((field) => [
    `${prefix}${field.name}`,
    ...inside(field.type, `${prefix}${field.name}`),
  ])
}

function inside(type: Type, path: string): readonly string[] {
  if (type.kind === 'optional') return inside(type.of, path)
  if (type.kind === 'array') return inside(type.items, `${path}[]`)
  return type.kind === 'record' ? fieldNames(type, `${path}.`) : []
}
