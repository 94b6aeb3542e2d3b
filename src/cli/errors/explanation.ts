import stringWidth from 'string-width'
import type { Explanation, Line } from '../../errors/explain.ts'
import { count, harmless, type Io, style } from '../io.ts'

const widthDefault = 120
const marks: { readonly [mark in Line['mark']]: string } = { bad: '✗', ok: ' ', absent: ' ', extra: '+' }

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
  const width = io.width ?? widthDefault
  const pathWidth = widest(
    shown.map(({ path }) => path),
    Math.floor(width * 0.4),
  )
  const askedWidth = widest(
    shown.map(({ asked }) => asked),
    Math.floor(width * 0.35),
  )
  const hasWidth = Math.max(12, width - pathWidth - askedWidth - 6)
  const title = [of === 'image' ? 'field' : 'member', 'is asked to be', 'is']
  const row = (mark: string, cells: readonly string[]) =>
    `${mark} ${pad(cells[0], pathWidth)}  ${pad(cells[1], askedWidth)}  ${cut(cells[2] ?? '', hasWidth)}`.trimEnd()
  return [
    style(io, 'bold', row(' ', title)),
    ...shown.map(({ path, asked, has, mark }) => {
      const text = row(marks[mark], [path, asked || 'in no schema', harmless(has) || '–'])
      return mark === 'bad' ? style(io, 'red', text) : mark === 'ok' ? text : style(io, 'dim', text)
    }),
  ]
}

/** Long schemas: what the record does not have, and need not, is left out. */
function isAsked(lines: readonly Line[]): boolean {
  return lines.length <= 30
}

function widest(texts: readonly string[], most: number): number {
  return Math.min(
    most,
    texts.reduce((width, text) => Math.max(width, stringWidth(text)), 14),
  )
}

function pad(text = '', width: number): string {
  const short = cut(text, width)
  return short + ' '.repeat(Math.max(0, width - stringWidth(short)))
}

function cut(text: string, width: number): string {
  return stringWidth(text) <= width ? text : `${[...text].slice(0, Math.max(1, width - 1)).join('')}…`
}
