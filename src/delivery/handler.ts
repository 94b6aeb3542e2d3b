import { readKinesisEvent } from './event.ts'
import { deliverBatch, type WorkerParts } from './worker.ts'

/** The part of Lambda's context that is looked at. */
export type HandlerContext = { readonly getRemainingTimeInMillis?: () => number }

export type Handler = (event: unknown, context?: HandlerContext) => Promise<void>

/**
 * The `deliveryWorker`: takes a Kinesis event of up to 10,000 records and 6 MB. It fails, so that the event is
 * delivered again, only when a record could be stored nowhere, or when the event is no Kinesis event. The same
 * function runs in Lambda and behind the event source mapping of one machine.
 */
export function createHandler(parts: WorkerParts): Handler {
  return async (event, context) => {
    const timeLeftMs = context?.getRemainingTimeInMillis?.bind(context)
    for (const batch of readKinesisEvent(event)) {
      await deliverBatch(batch, parts, timeLeftMs ? { timeLeftMs } : {})
    }
  }
}
