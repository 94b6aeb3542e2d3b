import { decodeUtf8 } from '../codec/envelope.ts'
import { PipelineError } from '../record/error.ts'
import { type Input, type InputLine, isBlankLine, lineBytesMax, splitLines } from './lines.ts'

/** One record of an input, byte for byte, and the number of the line on which it begins. */
export type InputDocument = { readonly number: number; readonly bytes: Uint8Array }

/**
 * Reads an input as JSON documents. A line is a document, whatever it holds; a document that is printed over several
 * lines is one, and so is each of several on one line. A document over several lines that is no JSON is given once, up
 * to the next line that begins with a bracket.
 *
 * Throws INPUT_INVALID, after all documents before it, when the input cannot be read to its end or ends inside a
 * document. The message names the line from which on nothing was given.
 */
export async function* readDocuments(input: Input): AsyncGenerator<InputDocument> {
  const joiner = createJoiner()
  let failure: PipelineError | undefined
  try {
    for await (const line of splitLines(input)) yield* joiner.take(line)
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error
    failure = error
  }
  yield* joiner.end()
  const cut = joiner.cutLine()
  if (cut === undefined) return
  const why = failure?.message ?? `${input.name}: the input ends inside a document`
  const message = `${why}. Line ${cut} is the first that was not read; nothing from it on was delivered.`
  throw new PipelineError('INPUT_INVALID', message, { cause: failure })
}

const openBrackets = new Set([0x5b, 0x7b])
const closeBrackets = new Set([0x5d, 0x7d])
const listBracket = 0x5b
const quote = 0x22
const backslash = 0x5c
/** `,` `:` `[`: only behind one of these can a value begin inside a document. */
const beforeValue = new Set([0x2c, 0x3a, 0x5b])
/** DynamoDB nests 32 levels, each of two brackets; an event has a few around them. It keeps the work linear. */
const depthMax = 128

const isSpace = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === 0x0a

/** Where a scan of a document stands: inside so many brackets, perhaps inside a text. */
type Scan = { depth: number; isText: boolean; previous: number }

/** Scans on from `start`; returns the place behind the bracket that closes the document, or -1 where none does. */
function scanOn(scan: Scan, bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if (scan.isText) {
      if (byte === backslash) at += 1
      else if (byte === quote) scan.isText = false
      continue
    }
    if (isSpace(byte)) continue
    scan.previous = byte
    if (byte === quote) scan.isText = true
    else if (openBrackets.has(byte)) scan.depth += 1
    else if (closeBrackets.has(byte)) {
      scan.depth -= 1
      if (scan.depth === 0) return at + 1
    }
  }
  return -1
}

type Joiner = {
  readonly take: (line: InputLine) => readonly InputDocument[]
  readonly end: () => readonly InputDocument[]
  /** The line on which a document begins that the input does not end. */
  readonly cutLine: () => number | undefined
}

function createJoiner(): Joiner {
  /** The lines of a document that is not closed yet. */
  let held: InputLine[] = []
  let heldBytes = 0
  let scan: Scan = { depth: 0, isText: false, previous: 0 }
  /** True when the held lines are no JSON: they end where the next document begins. */
  let isBroken = false
  let cut: number | undefined

  const drop = () => {
    held = []
    heldBytes = 0
    isBroken = false
  }
  const hold = (line: InputLine) => {
    held.push(line)
    heldBytes += line.bytes.length + 1
  }

  return {
    take: (line) => run([line]),
    end: () => {
      const documents: InputDocument[] = []
      while (held.length > 0) {
        if (findNext(held, false) < 0 && held.at(-1)?.end !== 'line feed') {
          cut = held[0]?.number
          drop()
        } else documents.push(...run(giveUp(documents, false)))
      }
      return documents
    },
    cutLine: () => cut,
  }

  function run(lines: InputLine[]): readonly InputDocument[] {
    const documents: InputDocument[] = []
    const queue = [...lines].reverse()
    for (let line = queue.pop(); line; line = queue.pop()) {
      const again = held.length === 0 ? begin(line, documents) : goOn(line, documents)
      for (const next of again.reverse()) queue.push(next)
    }
    return documents
  }

  /** Takes a line that no document is open at; gives lines to take again. */
  function begin(line: InputLine, documents: InputDocument[]): InputLine[] {
    const { bytes } = line
    const isOpen = line.end !== 'line feed'
    if (line.end === 'failure') {
      hold(line)
      return []
    }
    const start = bytes.findIndex((byte) => !isSpace(byte))
    if (start < 0) return []
    if (!openBrackets.has(bytes[start] as number)) {
      documents.push(line)
      return []
    }
    scan = { depth: 0, isText: false, previous: 0 }
    const end = scanOn(scan, bytes, start)
    if (end < 0 && (isOpen || (!scan.isText && scan.depth <= depthMax))) hold(line)
    else if (end < 0 || isBlankLine(bytes.subarray(end))) documents.push(line)
    else documents.push(...splitLine(line))
    return []
  }

  /** Takes a line inside a document; gives lines to take again. */
  function goOn(line: InputLine, documents: InputDocument[]): InputLine[] {
    const isStart = startsDocument(line)
    const isMisplaced = isStart && (isBroken || !beforeValue.has(scan.previous))
    hold(line)
    if (isMisplaced || heldBytes > lineBytesMax) return giveUp(documents, isMisplaced)
    if (isBroken || line.end === 'failure') return []
    const end = scanOn(scan, line.bytes, 0)
    if (end < 0) {
      isBroken = (scan.isText && line.end === 'line feed') || scan.depth > depthMax
      return []
    }
    const rest = line.bytes.subarray(end)
    const whole = join([...held.slice(0, -1), { ...line, bytes: line.bytes.subarray(0, end) }])
    const isFollowed = !isBlankLine(rest)
    if (!isJson(whole) || (isFollowed && !openBrackets.has(rest.find((byte) => !isSpace(byte)) as number))) {
      isBroken = true
      return []
    }
    documents.push({ number: held[0]?.number ?? line.number, bytes: isFollowed ? whole : join(held) })
    drop()
    return isFollowed ? [{ ...line, bytes: rest }] : []
  }

  /** Gives the held lines as one document, up to a line that begins another; returns that line and what follows. */
  function giveUp(documents: InputDocument[], isMisplaced: boolean): InputLine[] {
    const lines = held
    const found = findNext(lines, isMisplaced)
    const end = found < 0 ? lines.length : found
    documents.push({ number: lines[0]?.number ?? 0, bytes: join(lines.slice(0, end)) })
    drop()
    return lines.slice(end)
  }
}

/**
 * Where among the lines of a broken document the next one begins; -1 where none does. The lines of a list may all begin
 * with a bracket, so there only the line counts that was found out of place.
 */
function findNext(lines: readonly InputLine[], isMisplaced: boolean): number {
  const isList = lines[0]?.bytes[0] === listBracket
  if (isList) return isMisplaced ? lines.length - 1 : -1
  return lines.findIndex((line, index) => index > 0 && startsDocument(line))
}

/** True for a line whose first byte opens a bracket, as a document's does that is printed over several lines. */
function startsDocument({ bytes }: InputLine): boolean {
  return openBrackets.has(bytes[0] ?? 0)
}

/** The documents of a line that holds several, or the line as it is where that is not so. */
function splitLine(line: InputLine): readonly InputDocument[] {
  const { number, bytes } = line
  const documents: InputDocument[] = []
  for (let start = 0; start < bytes.length; ) {
    const scan: Scan = { depth: 0, isText: false, previous: 0 }
    const end = scanOn(scan, bytes, start)
    const part = bytes.subarray(start, end < 0 ? bytes.length : end)
    if (isBlankLine(part)) break
    if (!isJson(part)) return [line]
    documents.push({ number, bytes: part })
    start += part.length
  }
  return documents
}

function join(lines: readonly InputLine[]): Uint8Array {
  return Buffer.concat(
    lines.flatMap(({ bytes }, index) => (index === 0 ? [bytes] : [Buffer.from('\n'), bytes])),
  )
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decodeUtf8(bytes) ?? '')
    return true
  } catch {
    return false
  }
}
