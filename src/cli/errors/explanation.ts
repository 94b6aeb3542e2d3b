import type { ExplainedLine, Explanation } from '../../errors/explain.ts'
import { columns } from '../columns.ts'
import { count, type Io, style } from '../io.ts'

const widthDefault = 120
const marks: { readonly [mark in ExplainedLine['mark']]: string } = {
  bad: '✗',
  ok: ' ',
  absent: ' ',
  extra: '+',
}

/** A record beside its schema, a line a field; the one at fault is marked. It fits the terminal. */
export function explanationLines(io: Io, explanation: Explanation): readonly string[] {
  const { of, lines, bytes, brokenAt } = explanation
  if (of === 'bytes') {
    const where =
      brokenAt === undefined
        ? 'that are no JSON object'
        : `that cannot be read from byte ${count(brokenAt)} on`
    return [`${count(bytes)} bytes ${where}; --raw prints them, personal data included`]
  }
  const shown = lines.filter(({ mark }) => mark !== 'absent' || isAsked(lines))
  const header = [of === 'image' ? '  field' : '  member', 'is asked to be', 'is']
  const rows = shown.map(({ path, asked, has, mark }) => [
    `${marks[mark]} ${path}`,
    asked || 'in no schema',
    has || '–',
  ])
  const paint = (text: string, row: number) => {
    const mark = shown[row]?.mark
    return mark === 'bad' ? style(io, 'red', text) : mark === 'ok' ? text : style(io, 'dim', text)
  }
  const bounded = { ...io, width: io.width ?? widthDefault }
  return columns(bounded, header, rows, { paint }).trimEnd().split('\n')
}

/** Long schemas: what the record does not have, and need not, is left out. */
function isAsked(lines: readonly ExplainedLine[]): boolean {
  return lines.length <= 30
}
