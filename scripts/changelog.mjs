/**
 * Dates the unreleased section of CHANGELOG.md. npm runs it for `npm version 0.2.0`, after it has raised the version and
 * before it commits and tags. A release without an entry is refused.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const version = process.env.npm_package_version
if (!version) {
  console.error('npm runs this script: npm version 0.2.0')
  process.exit(2)
}
const heading = '## [Unreleased]\n'
const text = readFileSync('CHANGELOG.md', 'utf8')
const start = text.indexOf(heading) + heading.length
const end = text.indexOf('\n## ', start)
const entries = text.slice(start, end < 0 ? undefined : end).trim()
if (start < heading.length || !/^- /m.test(entries)) {
  console.error('CHANGELOG.md has no entry below ## [Unreleased]: say what the release changes')
  process.exit(1)
}
if (text.includes(`\n## [${version}]`)) {
  console.error(`CHANGELOG.md has a section for ${version} already`)
  process.exit(1)
}
const day = new Date().toISOString().slice(0, 10)
writeFileSync('CHANGELOG.md', `${text.slice(0, start)}\n## [${version}] - ${day}\n${text.slice(start)}`)
