import { type Command, InvalidArgumentError, Option } from 'commander'
import { loadCatalog } from '../catalog.ts'
import type { Catalog } from '../record/schema.ts'
import { readSettings, type SettingName, type Settings, settingDefaults } from '../settings.ts'
import type { Io } from './io.ts'

/** How a command ends: https://clig.dev; `problems` ran to its end and found what needs attention. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, problems: 3, interrupted: 130 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Runs an action of a command. The program turns what it returns, or throws, into an exit code. */
export type Run = (action: (io: Io) => Promise<ExitCode>) => Promise<void>

/** A command and all commands below it. */
export function allCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

/** A mistake in how a command was called. */
export class UsageError extends Error {}

/** The configuration file that is read where it exists. */
export const configFile = 'dmd.config.json'

export const archiveOption = () =>
  new Option(
    '--archive <url>',
    `the archive: a directory, a file: URL or s3://bucket/prefix (default: the setting archive, or ${settingDefaults.archive})`,
  )
export const schemasOption = () => new Option('--schemas <folder>', 'a folder of further schemas')
export const jsonOption = () => new Option('--json', 'print JSON for scripts')

/** The settings that commands have flags for. */
const flagged: readonly SettingName[] = [
  'archive',
  'schemas',
  'cache',
  'queryEngine',
  'workgroup',
  'database',
  'queryTimeoutMs',
  'queryRowsMax',
]

/** Reads the settings for a command: its flags, the environment, the configuration file. */
export function settingsFor(io: Io, given: { readonly [name in SettingName]?: unknown }): Settings {
  // A command has flags besides those of settings.
  const flags = Object.fromEntries(flagged.map((name) => [name, given[name]]))
  return readSettings({ flags, env: io.env, file: configFile })
}

/** The record types that the settings name. */
export function catalogFor(settings: Settings): Catalog {
  return loadCatalog(settings.schemas)
}

/** A parser for an option that takes a whole number within bounds; commander's error names the option and the text. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text.replace(/_/g, ''))
    if (!/^[\d_]+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It is not a whole number from ${min} to ${max}.`)
    }
    return value
  }
}

/** A parser for an option that takes a percentage. */
export function percentage(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 100)) {
    throw new InvalidArgumentError('It is not a percentage from 0 to 100.')
  }
  return value
}
