import { type CodeEntry, codes } from '../record/error.ts'
import { describeSettings } from '../settings.ts'

const notice = (source: string) =>
  `<!-- Generated from ${source} by \`npm run generate\`: change that, not this file. -->`

/** The reference of every error code, a heading each, so that a code can be linked to. */
export function errorReference(): string {
  const entries: readonly (readonly [string, CodeEntry])[] = Object.entries(codes)
  const section = (scope: CodeEntry['scope']) =>
    entries.filter(([, entry]) => entry.scope === scope).map(([code, entry]) => codeSection(code, entry))
  return `${[
    notice('`src/record/error.ts`'),
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
}

function codeSection(code: string, { stage, meaning, fix, retryable }: CodeEntry): string {
  return [
    `### ${code}`,
    meaning,
    [
      ...(stage ? [`- Stage: ${stages[stage]}.`] : []),
      `- What to do: ${fix}`,
      `- Worth a retry as it is: ${retryable ? 'yes' : 'no'}.`,
    ].join('\n'),
  ].join('\n\n')
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
