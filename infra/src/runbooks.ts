import { readFileSync } from 'node:fs'

const source = new URL('../../docs/operations.md', import.meta.url)

/** The runbooks of `docs/operations.md` by name, as Markdown that needs no other page. */
export function readRunbooks(): ReadonlyMap<string, string> {
  const [, runbooks = ''] = readFileSync(source, 'utf8').split('\n## Runbooks\n')
  const [, ...sections] = runbooks.split(/^### /m)
  return new Map(
    sections.map((section) => {
      const [name = ''] = section.split('\n', 1)
      return [name, `### ${withoutPages(section).trim()}\n`]
    }),
  )
}

/** Links to other pages of the docs lead nowhere from a dashboard: their text is left. */
function withoutPages(markdown: string): string {
  return markdown.replace(/\[([^\]]*)\]\((?!https?:)[^)]*\)/g, '$1')
}
