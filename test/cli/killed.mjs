// Loaded before the command under test: it sends a signal to its own process, SIGKILL unless another is named, when the
// command has written so many lines to standard error and then had so many turns of the event loop. What happens before
// does not depend on how fast the machine is.
const signal = process.env.TEST_KILL_SIGNAL ?? 'SIGKILL'
const lines = Number(process.env.TEST_KILL_LINES)
const turns = Number(process.env.TEST_KILL_TURNS)
const { stderr } = process
const write = stderr.write.bind(stderr)
let left = lines

function killAfter(more) {
  if (more === 0) process.kill(process.pid, signal)
  else setImmediate(killAfter, more - 1)
}

stderr.write = (chunk, ...rest) => {
  for (const byte of Buffer.from(chunk)) if (byte === 10 && --left === 0) killAfter(turns)
  return write(chunk, ...rest)
}
