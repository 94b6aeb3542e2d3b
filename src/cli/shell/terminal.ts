import { type CompleterResult, createInterface } from 'node:readline'
import type { StatementHistory } from '../history.ts'
import type { Io } from '../io.ts'

/** What `next` gives when a person presses Ctrl-C instead of ending a line; `idle` when nothing was on the line. */
export const droppedLine = Symbol('droppedLine')
export const idle = Symbol('idle')
type Pressed = typeof droppedLine | typeof idle

/** Gives the next line after a prompt, `droppedLine` or `idle`, or undefined where no more lines come. */
export type LineReader = (prompt: string) => Promise<string | Pressed | undefined>

export type Terminal = {
  readonly next: LineReader
  /** Aborts where Ctrl-C is pressed before the next line is asked for. */
  readonly work: () => AbortSignal
  /** Adds an entry to those that the arrow keys bring back. */
  readonly remember: (entry: string) => void
  /** Takes away what is typed ahead on the current line, so that output begins on an empty one; `next` shows it again. */
  readonly clearLine: () => void
  readonly close: () => void
}

export type TerminalParts = {
  readonly terminal: NonNullable<Io['terminal']>
  readonly env: NodeJS.ProcessEnv
  readonly history: StatementHistory
  readonly complete: (line: string) => CompleterResult
}

// Makes a terminal mark what is pasted: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-Bracketed-Paste-Mode
const markPastes = '\u001b[?2004h'
const markNoPastes = '\u001b[?2004l'

/**
 * Opens a person's terminal for lines with editing, history and completion. Lines that come while nobody waits for one,
 * such as those of a paste, are kept in order. Ctrl-C drops them together with the line that is being typed.
 */
export function openTerminal({ terminal, env, history, complete }: TerminalParts): Terminal {
  const { input, output } = terminal
  const entries = [...history.entries]
  const waiting: ((line: string | Pressed | undefined) => void)[] = []
  const lines: string[] = []
  let isClosed = false
  let work = new AbortController()
  // readline's own array, into which it puts every line; here a statement of several lines is one entry.
  let shown: string[] = []
  const showEntries = () => shown.splice(0, shown.length, ...entries)
  const reader = createInterface({
    input,
    output,
    terminal: true,
    history: [...entries],
    historySize: history.entriesMax,
    // However slowly a CR LF comes, it is one line break.
    crlfDelay: Number.POSITIVE_INFINITY,
    completer: complete,
  })
  reader.on('history', (kept) => {
    shown = kept
    showEntries()
  })
  const give = (line: string | Pressed | undefined) => waiting.shift()?.(line)
  reader.on('line', (line) => {
    if (waiting.length > 0) give(line)
    else lines.push(line)
  })
  reader.on('close', () => {
    isClosed = true
    give(undefined)
  })
  reader.on('SIGINT', () => {
    lines.length = 0
    const pressed = reader.line === '' ? idle : droppedLine
    if (reader.line !== '') {
      reader.write(null, { ctrl: true, name: 'e' })
      reader.write(null, { ctrl: true, name: 'u' })
    }
    output.write('^C\n')
    if (waiting.length > 0) give(pressed)
    else work.abort()
  })
  // A tab in a paste is a part of the text, and asks for no completion. `isCompletionEnabled` is how Node's own REPL
  // says so. A terminal that does not mark pastes gives itself away by a line break and a tab that come at once.
  let isPasting = false
  let isPastedChunk = false
  const enableCompletion = () => Object.assign(reader, { isCompletionEnabled: !isPasting && !isPastedChunk })
  input.on('keypress', (_text: string | undefined, key: { name?: string }) => {
    if (key.name === 'paste-start') isPasting = true
    if (key.name === 'paste-end') isPasting = false
    enableCompletion()
  })
  input.prependListener('data', (chunk: Buffer | string) => {
    isPastedChunk = chunk.includes('\t') && /[\r\n]/.test(String(chunk))
    enableCompletion()
  })
  const marksPastes = env.TERM !== 'dumb'
  if (marksPastes) output.write(markPastes)

  return {
    work: () => work.signal,
    next: async (prompt) => {
      if (work.signal.aborted) work = new AbortController()
      const line = lines.shift()
      if (line !== undefined || isClosed) return line
      reader.setPrompt(prompt)
      reader.prompt(true)
      return new Promise((resolve) => waiting.push(resolve))
    },
    remember: (entry) => {
      if (entries[0] === entry) return
      entries.unshift(entry)
      entries.length = Math.min(entries.length, history.entriesMax)
      showEntries()
    },
    clearLine: () => {
      if (reader.line !== '') output.write('\r\u001b[K')
    },
    close: () => {
      reader.close()
      if (marksPastes) output.write(markNoPastes)
    },
  }
}
