import { codeOf } from '../../dialect/athena.ts'

/** The statements that a text has whole, each without its semicolon, and what comes after the last semicolon. */
export type Taken = { readonly statements: readonly string[]; readonly rest: string }

/**
 * Takes the statements out of what was typed or read from a file. A semicolon in quotes or in a comment ends none. A
 * piece of comments alone is no statement.
 */
export function takeStatements(text: string): Taken {
  const code = codeOf(text)
  const statements: string[] = []
  let from = 0
  for (let end = code.indexOf(';'); end >= 0; end = code.indexOf(';', from)) {
    if (code.slice(from, end).trim() !== '') statements.push(text.slice(from, end).trim())
    from = end + 1
  }
  return { statements, rest: text.slice(from) }
}

/** True where a text has no statement in it, not even the beginning of one: white space and comments that are closed. */
export function isBlankStatement(text: string): boolean {
  return codeOf(text).trim() === '' && !isUnfinished(text)
}

/** True where a text ends within quotes or within a comment of several lines, so that its next line is no code. */
export function isUnfinished(text: string): boolean {
  return !codeOf(`${text}\n;`).endsWith(';')
}
