import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What was typed before, the latest first, and where it is kept. */
export type History = { readonly path: string; readonly lines: readonly string[]; readonly linesMax: number }

const linesMax = 1000

/** Reads the history of a person's shell. One that cannot be read is empty. */
export function readHistory(env: NodeJS.ProcessEnv): History {
  const path = join(env.HOME ?? homedir(), '.dmd_history')
  try {
    const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
    // Kept to a bound, here and not at every line.
    if (lines.length > 2 * linesMax)
      writeFileSync(path, `${lines.slice(-linesMax).join('\n')}\n`, { mode: 0o600 })
    return { path, lines: lines.slice(-linesMax).reverse(), linesMax }
  } catch {
    return { path, lines: [], linesMax }
  }
}

/** Adds a statement, as one line. It may hold what a person looked for, so only they can read the file. */
export function writeHistory({ path }: History, statement: string): void {
  try {
    appendFileSync(path, `${statement.replace(/\s+/g, ' ').trim()}\n`, { mode: 0o600 })
  } catch {
    // A shell without a memory is better than none.
  }
}
