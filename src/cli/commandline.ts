import { basename, delimiter, dirname, relative } from 'node:path'
import type { Settings } from '../settings.ts'
import type { Io } from './io.ts'

/** How the process was started, as far as it tells how to start it again. */
export type Started = {
  /** The script that Node runs. */
  readonly script: string
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
}

/**
 * What a person types to run this command again from the same folder: `dmd` where the shell finds it, `npx dmd` where
 * npm started it, else `node` with the script.
 */
export function selfName({ script, folder, env }: Started): string {
  // npm 11 says `run` where npm 10 said `run-script`.
  if (/^(exec|run|run-script)$/.test(env.npm_command ?? '')) return 'npx dmd'
  const isFound = (env.PATH ?? '').split(delimiter).includes(dirname(script))
  if (basename(script) === 'dmd' && isFound) return 'dmd'
  const near = relative(folder, script)
  return `node ${quoted(near.startsWith('..') ? script : near)}`
}

/** A command of this program as a person can paste it into a shell, on one line. */
export function commandText(io: Io, args: readonly string[]): string {
  return [io.self, ...args.map(quoted)].join(' ')
}

const lineWidth = 80

/** The same, indented, and continued on further lines before a flag where it is wider than 80 columns. */
export function commandLines(io: Io, args: readonly string[]): string {
  const lines: string[] = []
  let line = `  ${io.self}`
  for (const [index, arg] of args.entries()) {
    const next = args[index + 1]
    const isPair = arg.startsWith('--') && next !== undefined && !next.startsWith('--')
    const width = line.length + 1 + quoted(arg).length + (isPair ? 1 + quoted(next).length : 0)
    // Room for the backslash.
    if (arg.startsWith('--') && width > lineWidth - 2) {
      lines.push(`${line} \\`)
      line = `    ${quoted(arg)}`
    } else line += ` ${quoted(arg)}`
  }
  return [...lines, line].join('\n')
}

/** The flags by which another command finds the same archive and record types. */
export function archiveFlags({ archive, schemas }: Pick<Settings, 'archive' | 'schemas'>): readonly string[] {
  return ['--archive', archive, ...(schemas === undefined ? [] : ['--schemas', schemas])]
}

/** As one argument of a shell. */
export function quoted(text: string): string {
  if (/^[\w./:@=%+,-]+$/.test(text)) return text
  // Between double quotes, these four and a history sign still act.
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`
}
