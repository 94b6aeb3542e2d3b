import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dmd-changelog-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the script over a changelog, as npm does for a version. */
function date(changelog: string, version: string) {
  const file = join(folder, 'CHANGELOG.md')
  writeFileSync(file, changelog)
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'changelog.mjs')], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, npm_package_version: version },
  })
  return { status, stderr, text: readFileSync(file, 'utf8') }
}

const earlier = '## [0.1.0] - 2025-02-13\n\n### Added\n\n- It.\n'

test('a release dates the unreleased section and leaves an empty one above it', () => {
  const { status, text } = date(
    `# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- That.\n\n${earlier}`,
    '0.2.0',
  )
  expect(status).toBe(0)
  expect(text.replace(/\d{4}-\d\d-\d\d/, 'DAY')).toBe(
    `# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - DAY\n\n### Fixed\n\n- That.\n\n${earlier}`,
  )
})

test('a release without an entry, and one that has its section already, are refused', () => {
  const empty = `# Changelog\n\n## [Unreleased]\n\n${earlier}`
  expect(date(empty, '0.2.0')).toMatchObject({ status: 1, text: empty })
  expect(date('# Changelog\n', '0.2.0')).toMatchObject({ status: 1 })
  const again = `# Changelog\n\n## [Unreleased]\n\n- More.\n\n${earlier}`
  expect(date(again, '0.1.0')).toMatchObject({ status: 1, text: again })
})

test('CHANGELOG.md has an unreleased section first, and every other section has a version and a day', () => {
  const headings = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').match(/^## .*$/gm) ?? []
  expect(headings[0]).toBe('## [Unreleased]')
  for (const heading of headings.slice(1)) expect(heading).toMatch(/^## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/)
})
