import { noteProblem, setStatus } from '../../errors/set-status.ts'
import type { Status } from '../../errors/status.ts'
import { type ExitCode, exitCodes, UsageError } from '../command.ts'
import { counted, type Io, outJson } from '../io.ts'
import { type ErrorFlags, openErrors, operator, readTriage } from './open.ts'

export type SetFlags = ErrorFlags & { readonly note?: string }

/** `dmd errors set`: adds a status of a group to the log. */
export async function setErrorStatus(
  io: Io,
  fingerprint: string,
  status: Status,
  flags: SetFlags,
): Promise<ExitCode> {
  const by = operator(io, flags)
  const { note } = flags
  const problem = note === undefined ? undefined : noteProblem(note)
  if (problem !== undefined) throw new UsageError(`--note ${problem}`)
  const opened = await openErrors(io, flags)
  const found = await readTriage(io, opened)
  const group = found.groups.find((candidate) => candidate.fingerprint === fingerprint)
  if (!group) throw new UsageError(`there is no group "${fingerprint}": dmd errors list names them`)
  const { key, before, untagged } = await setStatus(
    opened.store,
    found,
    group,
    { status, by, note },
    io.runtime.clock(),
  )
  if (untagged > 0)
    await io.err(`${counted(untagged, 'file')} could not be tagged: run the same command again\n`)
  if (flags.json) await outJson(io, { key, fingerprint, status, by, note, before })
  else await io.out(`${fingerprint} was ${before} and is ${status}: ${counted(group.files, 'file')}\n`)
  return exitCodes.ok
}
