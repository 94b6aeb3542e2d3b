import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What was typed before, the latest first, and where it is kept. */
export type StatementHistory = {
  readonly path: string
  readonly entries: readonly string[]
  readonly entriesMax: number
}

const entriesMax = 1000

/**
 * Reads the history of a person's shell: a line of the file is an entry as a JSON string, so that it keeps its line
 * breaks, comments and spaces. A line that is no JSON string is an entry of an earlier release. A file that cannot be
 * read is an empty history.
 */
export function readStatementHistory(env: NodeJS.ProcessEnv): StatementHistory {
  const path = join(env.HOME ?? homedir(), '.dmd_history')
  try {
    const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
    // The file is cut to the bound here and not at every entry.
    if (lines.length > 2 * entriesMax)
      writeFileSync(path, `${lines.slice(-entriesMax).join('\n')}\n`, { mode: 0o600 })
    return { path, entries: lines.slice(-entriesMax).map(readEntry).reverse(), entriesMax }
  } catch {
    return { path, entries: [], entriesMax }
  }
}

function readEntry(line: string): string {
  // No statement begins with a double quote.
  if (!line.startsWith('"')) return line
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'string' ? entry : line
  } catch {
    return line
  }
}

/** Adds an entry, exactly as it is. It may hold what a person looked for, so only they can read the file. */
export function writeHistory({ path }: StatementHistory, entry: string): void {
  try {
    appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
  } catch {
    // A shell without a memory is better than none.
  }
}
