import { handled, tagOf, unhandled } from '../../delivery/expiry.ts'
import { goneWhenIgnored, tagErrors } from '../../errors/expiry.ts'
import { addStatus, type Status } from '../../errors/status.ts'
import { type ExitCode, exitCodes, UsageError } from '../command.ts'
import { counted, type Io, outJson } from '../io.ts'
import { type ErrorFlags, openErrors, operator, readTriage } from './open.ts'

export type SetFlags = ErrorFlags & { readonly note?: string }

const noteMax = 200

/** `dmd errors set`: a word more on a group. */
export async function set(io: Io, fingerprint: string, status: string, flags: SetFlags): Promise<ExitCode> {
  const by = operator(io, flags)
  const note = flags.note === undefined ? undefined : checkNote(flags.note)
  const opened = await openErrors(io, flags)
  const { groups, entries, history } = await readTriage(io, opened)
  const group = groups.find((candidate) => candidate.fingerprint === fingerprint)
  if (!group) throw new UsageError(`there is no group "${fingerprint}": dmd errors list names them`)
  const { files, lastSeen, said, state, code } = group
  const word = { fingerprint, status: status as Status, by, ...(note === undefined ? {} : { note }) }
  const key = await addStatus(opened.store, said, { ...word, covers: { files, lastSeen } }, io.clock())
  if (status === 'ignored' || state === 'ignored') {
    const own = entries.filter((entry) => entry.fingerprint === fingerprint).map((entry) => entry.key)
    const tag = status === 'ignored' ? handled : (tagOf(code) ?? unhandled)
    const failed = await tagErrors(opened.store, goneWhenIgnored(own, history), tag)
    if (failed > 0)
      await io.err(`${counted(failed, 'file')} could not be tagged: run the same command again\n`)
  }
  if (flags.json) await outJson(io, { key, ...word, before: state })
  else await io.out(`${fingerprint} was ${state} and is ${status}: ${counted(files, 'file')}\n`)
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
