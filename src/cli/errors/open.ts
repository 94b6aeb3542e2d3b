import { userInfo } from 'node:os'
import { type Triage, type TriageFilter, triage } from '../../errors/triage.ts'
import { cacheFolder, errorIndexFile } from '../../query/cache-folder.ts'
import type { Catalog } from '../../record/schema.ts'
import type { Settings } from '../../settings.ts'
import { openStore } from '../../store/open.ts'
import type { ObjectStore } from '../../store/store.ts'
import { catalogFor, settingsFor, UsageError } from '../command.ts'
import { counted, type Io } from '../io.ts'
import { startProgress } from '../progress.ts'

export type ErrorFlags = {
  readonly archive?: string
  readonly schemas?: string
  readonly json?: boolean
  readonly by?: string
}

/** An archive whose errors are looked at. */
export type Opened = {
  readonly store: ObjectStore
  readonly catalog: Catalog
  readonly settings: Settings
}

export async function openErrors(io: Io, flags: ErrorFlags): Promise<Opened> {
  const settings = settingsFor(io, flags)
  return {
    settings,
    store: await openStore(settings.archive, { create: false }),
    catalog: catalogFor(settings),
  }
}

/** Groups the errors, with progress while files are read for the first time. */
export async function readTriage(
  io: Io,
  { store, catalog, settings }: Opened,
  filter: TriageFilter = {},
): Promise<Triage> {
  const folder = cacheFolder(settings, io.env, store.url)
  const progress = startProgress(io, 'reading errors', 'files')
  try {
    const found = await triage(store, catalog, filter, {
      ...(folder === undefined ? {} : { file: errorIndexFile(folder), owner: String(process.pid) }),
      signal: io.interrupt,
      onRead: (done, total) => progress.update({ done, total, items: done }),
    })
    const { foreign } = found
    if (foreign > 0)
      await io.err(`left out ${counted(foreign, 'file')} below errors/ that are no error files\n`)
    return found
  } finally {
    await progress.end()
  }
}

const nameMax = 64

/** Who does something to an archive: as told, else the user of this machine. */
export function operator(io: Io, { by }: ErrorFlags): string {
  const name = by ?? io.env.USER ?? io.env.USERNAME ?? systemUser()
  if (/^[\w .@+-]+$/.test(name) && name.length <= nameMax) return name
  throw new UsageError(`--by takes a name of up to ${nameMax} letters, digits and . @ + - _`)
}

/** Where a shell has not named the user, as in cron and in containers, the system knows. */
function systemUser(): string {
  try {
    return (
      userInfo()
        .username.replace(/[^\w .@+-]/g, '_')
        .slice(0, nameMax) || 'unknown'
    )
  } catch {
    // A container's user may have no entry in the system's list.
    return 'unknown'
  }
}
