/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Every digit before the point. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** Three digits: estimates have no more. */
export function count(value: number): string {
  if (value === 0) return '0'
  const rounded = Number(value.toPrecision(3))
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))))
  return rounded.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** Dollars: cents, and below a cent two digits. */
export function usd(value: number): string {
  if (value >= 0.095 || value === 0)
    return `$${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
  const rounded = Number(value.toPrecision(2))
  return `$${rounded.toLocaleString('en-US', { maximumFractionDigits: 12 })}`
}

/** Bytes, in units of 1,024. */
export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const step = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10)))
  return `${count(bytes / 1_024 ** step)} ${units[step]}`
}

const lineWidth = 120

/** Blocks of Markdown, their prose in lines of one width; tables, headings, code and comments as they are. */
export function page(blocks: readonly string[]): string {
  const wrapped = blocks
    .join('\n\n')
    .split('\n\n')
    .map((block) =>
      /^(?:[|#<]| {4})/.test(block)
        ? block
        : block
            .split(/\n(?=- )/)
            .map(wrap)
            .join('\n'),
    )
  return `${wrapped.join('\n\n')}\n`
}

function wrap(text: string): string {
  const indent = text.startsWith('- ') ? '  ' : ''
  const lines: string[] = []
  // Code and links stay whole.
  for (const word of text.match(/(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|\S)+/g) ?? []) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= lineWidth)
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(line === undefined ? word : `${indent}${word}`)
  }
  return lines.join('\n')
}
