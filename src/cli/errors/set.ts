import { addStatus, type Status } from '../../errors/status.ts'
import { type ExitCode, exitCodes, UsageError } from '../command.ts'
import { count, type Io } from '../io.ts'
import { type ErrorFlags, openErrors, operator, readTriage } from './open.ts'

export type SetFlags = ErrorFlags & { readonly note?: string }

const noteMax = 200

/** `dmd errors set`: a word more on a group. */
export async function set(io: Io, fingerprint: string, status: string, flags: SetFlags): Promise<ExitCode> {
  const by = operator(io, flags)
  const note = flags.note === undefined ? undefined : checkNote(flags.note)
  const opened = await openErrors(io, flags)
  const { groups } = await readTriage(io, opened)
  const group = groups.find((candidate) => candidate.fingerprint === fingerprint)
  if (!group) throw new UsageError(`there is no group "${fingerprint}": dmd errors list names them`)
  const { files, lastSeen, said, state } = group
  const word = { fingerprint, status: status as Status, by, ...(note === undefined ? {} : { note }) }
  const key = await addStatus(opened.store, said, { ...word, covers: { files, lastSeen } }, io.clock())
  if (flags.json) await io.out(`${JSON.stringify({ key, ...word, before: state })}\n`)
  else
    await io.out(
      `${fingerprint} was ${state} and is ${status}: ${count(files)} ${files === 1 ? 'file' : 'files'}\n`,
    )
  return exitCodes.ok
}

/** What stays in the archive for ever should hold nothing of a fan. */
function checkNote(note: string): string {
  if (note.length > noteMax || /\p{Cc}/u.test(note))
    throw new UsageError(`--note takes one line of up to ${noteMax} characters`)
  if (/@|\d[\d ()/-]{5,}\d/.test(note))
    throw new UsageError('--note looks like an address or a telephone number: leave personal data out of it')
  return note
}
