import { systemRuntime } from '../runtime.ts'
import { selfName } from './commandline.ts'
import type { Io, OutputWriter } from './io.ts'

/** The command's surroundings, out of a Node process. */
export function systemIo(system: NodeJS.Process): Io {
  const interrupt = new AbortController()
  // One listener for both: between two there is a moment without any.
  system.on('SIGINT', () => {
    // A second one is not waited for: nothing is half written at any time.
    if (interrupt.signal.aborted) system.kill(system.pid, 'SIGKILL')
    interrupt.abort()
  })
  const { env, stdin, stdout, stderr } = system
  return {
    stdin,
    out: toWriter(stdout),
    err: toWriter(stderr),
    env,
    self: selfName({ script: system.argv[1] ?? '', folder: system.cwd(), env }),
    isWatched: stderr.isTTY === true && env.CI === undefined && env.TERM !== 'dumb',
    isColored: stdout.isTTY === true && stderr.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb',
    isShown: stdout.isTTY === true,
    get width() {
      return columnsOf(stdout)
    },
    get errWidth() {
      return columnsOf(stderr)
    },
    ...(stdin.isTTY && stdout.isTTY ? { terminal: { input: stdin, output: stdout } } : {}),
    runtime: systemRuntime(),
    interrupt: interrupt.signal,
  }
}

/** A window may be resized, so this is asked each time. A terminal that does not say its size counts as unbounded. */
function columnsOf({ isTTY, columns }: NodeJS.WriteStream): number | undefined {
  return isTTY && columns > 0 ? columns : undefined
}

/** Writes and waits for the reader; a reader that went away (`| head`) ends the output, not the command. */
function toWriter(stream: NodeJS.WriteStream): OutputWriter {
  let gone = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    gone = true
  })
  return (text) =>
    new Promise((resolve) => {
      if (gone || stream.destroyed) return resolve()
      stream.write(text, () => resolve())
    })
}
