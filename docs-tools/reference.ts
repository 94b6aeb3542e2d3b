import { type CodeEntry, codes, type RecordCode, type RunCode } from '../src/record/error.ts'
import { isObject, type Json } from '../src/record/type.ts'
import { describeSettings } from '../src/settings.ts'
import { type RecordExample, recordExamples, runExamples, soundRecords } from './error-examples.ts'

const notice = (source: string) =>
  `<!-- Generated from ${source} by \`npm run generate\`: change that, not this file. -->`

/** The reference of every error code, a heading each, so that a code can be linked to. */
export function errorReference(): string {
  const entries: readonly (readonly [string, CodeEntry])[] = Object.entries(codes)
  const section = (scope: CodeEntry['scope']) =>
    entries.filter(([, entry]) => entry.scope === scope).map(([code, entry]) => codeSection(code, entry))
  return `${[
    notice('`src/record/error.ts` and `docs-tools/error-examples.ts`'),
    '# Error codes',
    'Every failure has one of these codes. No message and no path ever holds a value of a record, so both may be logged.',
    '## Records',
    'One record failed. Its batch went on, and the record lies in `errors/`, whole, until it is replayed.',
    ...section('record'),
    '## Runs',
    'A command or an invocation failed. Nothing was acknowledged that is stored nowhere.',
    ...section('run'),
  ].join('\n\n')}\n`
}

const stages: { readonly [stage in NonNullable<CodeEntry['stage']>]: string } = {
  decode: 'decode: the envelope was taken apart',
  validate: 'validate: the image was checked against its schema',
  place: 'place: the partition was chosen',
  deliver: 'deliver: the object was written',
  invoke: 'invoke: the worker was called',
}

function codeSection(code: string, { scope, stage, meaning, cause, fix, retryable }: CodeEntry): string {
  return [
    `### ${code}`,
    meaning,
    [
      ...(stage ? [`- Stage: ${stages[stage]}.`] : []),
      `- Usual cause: ${cause}`,
      `- What to do: ${fix}`,
      `- Worth a retry as it is: ${retryable ? 'yes' : 'no'}.`,
    ].join('\n'),
    ...(scope === 'record' ? recordExample(recordExamples[code as RecordCode]) : runExample(code as RunCode)),
  ].join('\n\n')
}

function recordExample(example: RecordExample): readonly string[] {
  if ('told' in example) return [`Example: ${example.told}`]
  if ('payload' in example)
    return [
      `Example: \`${example.payload}\``,
      '`dmd replay KEY --with record.json --yes` puts a whole record in its place.',
    ]
  const { of, at, spoil, fix } = example
  const came = valueAt(apply(soundRecords[of], spoil), at)
  return [
    `Example${at === '' ? '' : `, at \`${at}\``}:`,
    json(came),
    ...(fix ? ['`dmd replay FINGERPRINT --edit fix.json --yes` with the `fix.json`', json(fix)] : []),
  ]
}

function runExample(code: RunCode): readonly string[] {
  const { when, command, env = {}, says } = runExamples[code]
  const set = Object.entries(env).map(([name, value]) => `${name}=${value} `)
  return [`Example: ${when ?? `\`${set.join('')}${command}\``}`, says.replace(/^(?=.)/gm, '    ')]
}

function json(value: Json): string {
  const lines = JSON.stringify(value, null, 2)
  const short = JSON.stringify(value)
  return `\`\`\`json\n${short.length <= 100 ? short : lines}\n\`\`\``
}

/** The few operations that examples use, on members of objects. */
export function apply(record: Json, operations: readonly { op: string; path: string; value?: Json }[]): Json {
  return operations.reduce((whole, { op, path, value }) => {
    const [, ...names] = path.split('/')
    return set(whole, names, op === 'remove' ? undefined : value)
  }, record)
}

function set(whole: Json, [name = '', ...rest]: readonly string[], value: Json | undefined): Json {
  const { [name]: old = {}, ...others } = isObject(whole) ? whole : {}
  if (rest.length === 0 && value === undefined) return others
  return {
    ...(isObject(whole) ? whole : {}),
    [name]: rest.length === 0 ? (value as Json) : set(old, rest, value),
  }
}

function valueAt(record: Json, pointer: string): Json {
  const names = pointer === '' ? [] : pointer.slice(1).split('/')
  return names.reduce<Json>((value, name) => (isObject(value) ? (value[name] ?? null) : null), record)
}

/** The reference of every setting. */
export function settingReference(): string {
  const lines = describeSettings().map(({ name, variable, fallback, text }) => {
    const shown = fallback === undefined ? 'none' : `\`${JSON.stringify(fallback)}\``
    return `| \`${name}\` | \`${variable}\` | ${shown} | ${text.replaceAll('|', '\\|')} |`
  })
  return `${[
    notice('`src/settings.ts`'),
    '# Configuration',
    'A setting comes from the command line, else from its environment variable, else from the configuration file (JSON), else from its default. An unknown name or an unusable value stops the run and is named.',
    ['| setting | variable | default | what it is for |', '| --- | --- | --- | --- |', ...lines].join('\n'),
    'In a variable, the items of a list are separated by commas.',
  ].join('\n\n')}\n`
}
