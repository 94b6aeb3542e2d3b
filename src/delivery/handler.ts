import { readChangeEvent } from '../codec/lambda-event.ts'
import { deliverBatch, type WorkerParts } from './worker.ts'

/** The part of Lambda's context that the handler reads. */
export type HandlerContext = { readonly getRemainingTimeInMillis?: () => number }

export type Handler = (event: unknown, context?: HandlerContext) => Promise<void>

/**
 * Returns the `deliveryWorker`: a function that takes an event of a Kinesis stream or of DynamoDB Streams, of up to 10,000
 * records and 6 MB. The same function runs in Lambda and behind the event source mapping of one machine.
 *
 * It throws, so that the event is delivered again, only when a record could be stored nowhere (STORE_UNAVAILABLE) or when the
 * event is of another source (EVENT_INVALID).
 *
 * @example
 * const handler = createHandler(parts)
 * await handler(event, context)
 */
export function createHandler(parts: WorkerParts): Handler {
  return async (event, context) => {
    const timeLeftMs = context?.getRemainingTimeInMillis?.bind(context)
    for (const batch of readChangeEvent(event)) {
      await deliverBatch(batch, parts, timeLeftMs ? { timeLeftMs } : {})
    }
  }
}
