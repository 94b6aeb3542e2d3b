import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { documents } from '../../docs-tools/documents.ts'

const command = 'npm run generate'

describe('generated files', () => {
  it.each(documents.map(({ path, render }) => [path, render] as const))(
    '%s is up to date',
    (path, render) => {
      const found = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
      expect(found, `${path} is stale: run ${command}`).toBe(render())
    },
  )

  it('come from one command, each from its own renderer', () => {
    expect(new Set(documents.map(({ path }) => path)).size).toBe(documents.length)
  })
})
