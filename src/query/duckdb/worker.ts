import { type ChildProcess, fork } from 'node:child_process'
import type { Runtime } from '../../runtime.ts'
import { lostProcess } from '../failure.ts'
import {
  type ArchiveCall,
  type ChildAnswer,
  type FromChild,
  fromSent,
  type Opening,
  type Request,
} from './protocol.ts'

/** A process that runs statements, one at a time. */
export type StatementWorker = {
  /** Undefined where the system could start none. */
  readonly pid: number | undefined
  readonly send: (request: Request) => void
  /** What is told of its answers and its calls of the archive, until another one asks. */
  listen: (listener: Listener) => void
  /** Resolves when it has opened the engine; rejects with why it has not. */
  readonly opened: Promise<void>
  /** Resolves when the process is gone, with what to say of a statement that it had. */
  readonly gone: Promise<Error>
  readonly isGone: () => boolean
  /** Keeps this process running as long as the other one works. */
  readonly hold: (isHeld: boolean) => void
  /** Ends it at once, whatever it does. */
  readonly kill: () => void
  /** Ends it as soon as it has put its files away, or after the grace. */
  readonly close: () => Promise<void>
}

export type Listener = {
  readonly onAnswer: (answer: ChildAnswer) => void
  readonly onCall: (id: number, call: ArchiveCall) => void
}

/** Variables that Node and the system's loader may need. Others are kept from statements, credentials above all. */
const passedVariables = [
  ...['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'TMP', 'TEMP', 'SystemRoot'],
  ...['LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'NODE_OPTIONS', 'NODE_PATH'],
]

/** Starts the script of a worker. */
export function forkWorker(script: string | URL): ChildProcess {
  const variables = passedVariables.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return fork(script, {
    serialization: 'advanced',
    // It has nothing to print: what a crash would say may quote a row.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
    env: Object.fromEntries(variables),
  })
}

/** Makes a worker of a process that was just started, and has it open an engine. */
export function openWorker(
  child: ChildProcess,
  opening: Opening,
  { runtime, graceMs }: { readonly runtime: Runtime; readonly graceMs: number },
): StatementWorker {
  let listener: Listener | undefined
  let isGone = false
  let isOpen = () => {}
  let failed: Error | undefined
  const send = (request: Request) => {
    // Where it is gone, `gone` says so.
    if (child.connected) child.send(request, () => {})
  }
  const gone = new Promise<Error>((resolve) => {
    const end = (how: string) => {
      isGone = true
      resolve(failed ?? lostProcess(how))
    }
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`))
    child.once('error', (error) => {
      failed ??= lostProcess(error.message)
      if (child.pid === undefined) end(error.message)
    })
  })
  const kill = () => {
    child.kill('SIGKILL')
  }
  child.on('message', (message: FromChild) => {
    if (message.what === 'opened') isOpen()
    else if (message.what === 'call') listener?.onCall(message.id, message.call)
    else if (message.what === 'failed' && message.n === 0) {
      failed = fromSent(message.error)
      kill()
    } else listener?.onAnswer(message)
  })
  const opened = new Promise<void>((resolve, reject) => {
    isOpen = resolve
    void gone.then(reject)
  })
  opened.catch(() => {})
  send({ what: 'open', opening })
  return {
    pid: child.pid,
    send,
    listen: (next) => {
      listener = next
    },
    opened,
    gone,
    isGone: () => isGone,
    hold: (isHeld) => {
      child[isHeld ? 'ref' : 'unref']()
      child.channel?.[isHeld ? 'ref' : 'unref']()
    },
    kill,
    close: async () => {
      send({ what: 'close' })
      const stopGrace = runtime.timer(graceMs, kill)
      await gone
      stopGrace()
    },
  }
}
