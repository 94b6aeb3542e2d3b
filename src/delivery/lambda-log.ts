import { Logger } from '@aws-lambda-powertools/logger'
import type { Log } from '../runtime.ts'

/**
 * What of Lambda's context is told with each line
 * (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html); all of it is there in Lambda.
 */
export type CallContext = {
  readonly awsRequestId?: string
  readonly functionName?: string
  readonly functionVersion?: string
  readonly invokedFunctionArn?: string
  readonly memoryLimitInMB?: string
}

export type LambdaLog = {
  readonly log: Log
  /** What is logged from now on is of this call. */
  readonly begin: (context: CallContext | undefined) => void
}

/**
 * The log of the function, by Powertools for AWS Lambda: JSON lines with the time, the call they are of and whether it was a
 * cold start, at the level that `POWERTOOLS_LOG_LEVEL` says. Metrics are written to `write` as they are: they are no matter
 * of level. The event is never logged: it holds personal data.
 */
export function lambdaLog(write: (line: string) => void): LambdaLog {
  const logger = new Logger({ serviceName: 'deliveryWorker' })
  return {
    log: (entry) => {
      if ('_aws' in entry) return write(`${JSON.stringify(entry)}\n`)
      const { level, message, ...fields } = entry
      logger[level](message, fields)
    },
    begin: (context = {}) => logger.addContext(context),
  }
}
