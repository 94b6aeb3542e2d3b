import stringWidth from 'string-width'

/** What stands between two columns. */
export const gap = '  '

/**
 * The widths of columns in a line of `width`: as wanted where they fit, else taken from the widest, but none below
 * `widthMin`, and nothing from the columns in `whole`. The line is still too wide where even that does not fit.
 */
export function fitWidths(
  wanted: readonly number[],
  width: number | undefined,
  widthMin: number,
  whole: readonly number[] = [],
): readonly number[] {
  const widths = [...wanted]
  if (width === undefined) return widths
  for (let excess = lineWidth(widths) - width; excess > 0; excess -= 1) {
    const widest = Math.max(...widths.filter((_, index) => !whole.includes(index)))
    if (widest <= widthMin) break
    widths[widths.findIndex((other, index) => other === widest && !whole.includes(index))] = widest - 1
  }
  return widths
}

/** The width of a line of such columns. */
export function lineWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap.length * Math.max(0, widths.length - 1)
}

/** Line breaks, other control characters and turns of direction would break the table, or steer the terminal. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (char) =>
    JSON.stringify(char)
      .slice(1, -1)
      .replace(/^[^\\]/, '\ufffd'),
  )
}

const ascii = /^[ -~]*$/

/** The columns that a text takes on a terminal; most texts are ASCII, for which the general way is slow. */
export function widthOf(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text)
}

/** A text that fits, whole or cut, and the columns that it takes. */
export type Fitted = { readonly shown: string; readonly width: number; readonly isCut: boolean }

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The text within `widthMax` columns: one that is too wide ends with `…`. No grapheme is cut in two. */
export function fitText(text: string, widthMax: number): Fitted {
  const whole = widthOf(text)
  if (whole <= widthMax) return { shown: text, width: whole, isCut: false }
  if (widthMax < 1) return { shown: '', width: 0, isCut: true }
  const room = widthMax - 1
  if (ascii.test(text)) return { shown: `${text.slice(0, room)}…`, width: room + 1, isCut: true }
  let shown = ''
  let width = 0
  for (const { segment } of graphemes.segment(text)) {
    const more = widthOf(segment)
    if (width + more > room) break
    shown += segment
    width += more
  }
  return { shown: `${shown}…`, width: width + 1, isCut: true }
}

/** The text filled up with spaces to `width` columns: before it when `isRight`, not at all when it is the last. */
export function pad(
  { shown, width }: Pick<Fitted, 'shown' | 'width'>,
  widthMax: number,
  isRight: boolean,
  isLast: boolean,
): string {
  const space = ' '.repeat(Math.max(0, widthMax - width))
  if (isRight) return space + shown
  return isLast ? shown : shown + space
}

/** The text in lines of `width` columns, broken at spaces. A word that is wider than a line has a line to itself. */
export function wrapText(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`
      if (line !== '' && widthOf(longer) > width) {
        lines.push(line.trimEnd())
        line = word
      } else line = longer
    }
    return [...lines, line.trimEnd()]
  })
}
