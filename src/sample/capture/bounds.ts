/** What one request, and all of them, may take. */
export const bounds = {
  bodyBytesMax: 64 * 1024,
  /** From the first byte of a request to the last of its headers. */
  headersWaitMs: 5_000,
  /** From the headers to the last byte of the body. */
  bodyWaitMs: 10_000,
  idleWaitMs: 5_000,
  headerBytesMax: 16 * 1024,
  connectionsMax: 1_000,
  /** Requests of one connection that are not answered yet. A client that sends more without reading is cut off. */
  inFlightMax: 16,
  /** How long a connection may stand still while an answer is due or unread. */
  answerWaitMs: 30_000,
  /** How long a client may take to read why its connection is closed. */
  lingerMs: 1_000,
  /** How long `close` waits for the requests in flight. */
  drainWaitMs: 10_000,
  depthMax: 16,
  textLengthMax: 4_096,
  listItemsMax: 100,
  /** How often a write is tried that others keep getting ahead of. */
  triesMax: 20,
} as const

export type Bounds = { readonly [name in keyof typeof bounds]: number }
