import type { Difference } from '../../errors/diff.ts'
import {
  type EditSummary,
  type Outcome,
  outcomes,
  type ReplayReport,
  type Result,
} from '../../errors/history.ts'
import { isDone } from '../../errors/replay.ts'
import { fields, type LabelledField } from '../columns.ts'
import { allHarmless, count, harmless, type Io, style } from '../io.ts'

/** What an edit changes, in words and without a value. */
export function describeEdit({ kind, operations = [], values = [] }: EditSummary): string {
  if (kind === 'none') return 'none: the records as they are'
  if (kind === 'replacement') return 'the record was replaced whole'
  return [
    ...values.map(({ from, names }) => `take ${names.join(', ')} from ${from}`),
    ...operations.map(({ op, path, from }) => `${op} ${from === undefined ? '' : `${from} to `}${path}`),
  ].join(', ')
}

/** What each outcome means, for people; `written` of a rehearsal is still to come. */
const meanings: { readonly [outcome in Outcome]: string } = {
  written: 'delivered',
  there: 'were delivered by the same edit before',
  refused: 'were replayed with another edit before: refused',
  unpatched: 'the edit cannot be applied to',
  foreign: 'are no error files',
  fails: 'fail again',
  unwritten: 'could not be written: run it again',
  guarded: 'failed five times: look at them, then add --force',
  gone: 'are gone',
  untried: 'were not tried any more',
}

/** A line for each outcome that there is. */
export function outcomeLines(io: Io, counts: ReplayReport['counts'], isRehearsal: boolean): string {
  return outcomes
    .flatMap((outcome) => {
      const files = counts[outcome]
      if (!files) return []
      const meaning = isRehearsal && outcome === 'written' ? 'would be delivered' : meanings[outcome]
      const isWell = outcome === 'written' || outcome === 'there'
      return [
        `  ${style(io, isWell ? 'green' : 'yellow', `${isWell ? '✓' : '✗'} ${count(files).padStart(7)}`)}  ${meaning}\n`,
      ]
    })
    .join('')
}

const shownMax = 20

/** What became of each error file, those that did not go well first; the rest is counted. */
export function resultRows(io: Io, results: readonly Result[], max = shownMax): string {
  const rank = ({ outcome }: Result) => -outcomes.indexOf(outcome)
  const ordered = [...results].sort((a, b) => rank(a) - rank(b) || (a.error < b.error ? -1 : 1))
  const rows = ordered.slice(0, max).map((result): LabelledField => {
    const { outcome, error, code, path, message, objects = [] } = result
    const became = isDone(result)
      ? `${objects[0] ?? ''}${objects.length > 1 ? ` and ${count(objects.length - 1)} more` : ''}`
      : failureText(code, path, message)
    return [outcome, allHarmless([error, became]).filter(Boolean).join('\n')]
  })
  const left = results.length - rows.length
  return (
    fields(io, rows, { paint: (name) => name }) +
    (left > 0 ? style(io, 'dim', `and ${count(left)} more: --json\n`) : '')
  )
}

/** A message may begin with the path itself. */
function failureText(code = '', path = '', message = ''): string {
  const parts = message.startsWith(path) ? [code, message] : [code, path, message]
  return parts.filter((part) => part !== '').join(' ')
}

/** One record before and after. */
export function differenceLines(io: Io, error: string, differences: readonly Difference[]): string {
  const rows = differences.flatMap(({ path, before, after }): LabelledField[] => [
    ...(before === undefined ? [] : [['-', `${path} ${harmless(before)}`] as const]),
    ...(after === undefined ? [] : [['+', `${path} ${harmless(after)}`] as const]),
  ])
  const paint = (name: string) => style(io, name === '-' ? 'red' : 'green', name)
  const lines = rows.length === 0 ? '  as it is\n' : fields(io, rows, { indent: '  ', paint })
  return `${style(io, 'bold', harmless(error))}\n${lines}`
}
