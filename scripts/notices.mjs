import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** esbuild says above each module where it is from, such as `// node_modules/zod/v4/core/util.js`. */
const origin = /^\s*\/\/ ((?:.*\/)?node_modules\/(?:@[^/\n]+\/)?[^/\n]+)\//gm

/** They ask for no text of theirs: Apache-2.0 is the project's own, and MIT-0 waives it. */
const textless = ['Apache-2.0', 'MIT-0']

/**
 * What the licences of the packages inside a bundle ask to go wherever it goes: a line for each package, and the texts of
 * the licences that ask for it.
 *
 * Throws where a package names no licence, or lacks the text of it.
 */
export function thirdPartyNotices(bundle) {
  const folders = [...new Set([...bundle.matchAll(origin)].map(([, folder]) => folder))].sort()
  const notices = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    if (typeof license !== 'string') throw new Error(`${folder}/package.json names no licence`)
    const wanted = textless.includes(license) ? /^notice/i : /^(licen[cs]e|notice)/i
    const files = readdirSync(folder).filter((file) => wanted.test(file))
    if (files.length === 0 && !textless.includes(license))
      throw new Error(`${folder} has no text of its licence, ${license}`)
    const texts = files.map((file) =>
      readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim(),
    )
    return [`${name} ${version} (${license})`, ...texts].join('\n\n')
  })
  return `${notices.join('\n')}\n`
}
