import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type FunctionError, type Outcome, serveRuntimeApi } from './runtimeapi.ts'

// The S3 server's.
const region = process.env.AWS_REGION ?? ''
const name = 'delivery-worker'

export type FunctionSpec = {
  /** The path of the Node that runs it, and its major version. */
  readonly node: string
  readonly major: string
  /** The unzipped zip. */
  readonly taskRoot: string
  readonly memoryMb?: number
  /** What the function is configured with. */
  readonly env: NodeJS.ProcessEnv
}

export type Invocation = Outcome & { readonly tookMs: number }

/** A function in a process of its own, as Lambda has it. */
export type RunningFunction = {
  /** Why it could not start; undefined where it could. */
  readonly initError: FunctionError | undefined
  /** From the start of the process until it asks for its first event. */
  readonly initMs: number
  /** Calls it with an event. Lambda ends a function that has not answered after `timeoutMs`; this does so too. */
  invoke(event: unknown, timeoutMs?: number): Promise<Invocation>
  /** The most memory that it has held, in MB; undefined where the system does not say. */
  peakMb(): number | undefined
  /** Ends it, if it has not ended; gives its log: all that it wrote, to either output. */
  end(): Promise<string>
}

const timeoutMsDefault = 120_000
const mb = 1024

/** Starts the function, and waits until it takes events or has said why it does not. */
export async function startFunction(spec: FunctionSpec): Promise<RunningFunction> {
  const api = await serveRuntimeApi(`arn:aws:lambda:${region}:123456789012:function:${name}`)
  const startedMs = performance.now()
  const child = spawn(spec.node, [...memoryFlags(spec), process.env.LAMBDA_RUNTIME ?? ''], {
    cwd: spec.taskRoot,
    env: environment(spec, api.address),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Its outputs are read to their ends then.
  const gone = once(child, 'close')
  const read = collect(child)
  const initError = await Promise.race([
    api.init,
    gone.then((): FunctionError => ({ errorType: 'Runtime.ExitError', errorMessage: read() })),
  ])
  const initMs = performance.now() - startedMs

  async function end(): Promise<string> {
    child.kill('SIGKILL')
    await gone
    api.close()
    return read()
  }
  async function invoke(event: unknown, timeoutMs = timeoutMsDefault): Promise<Invocation> {
    const body = JSON.stringify(event)
    const fromMs = performance.now()
    const timeout = new AbortController()
    const timedOut = new Promise<Outcome>((resolve) => {
      const timer = setTimeout(() => resolve(failure('Sandbox.Timedout', `after ${timeoutMs} ms`)), timeoutMs)
      timeout.signal.addEventListener('abort', () => clearTimeout(timer))
    })
    const exited = gone.then(() => failure('Runtime.ExitError', read()))
    const outcome = await Promise.race([api.invoke(body, Date.now() + timeoutMs), timedOut, exited])
    timeout.abort()
    return { ...outcome, tookMs: performance.now() - fromMs }
  }
  return { initError, initMs, invoke, peakMb: () => peakMb(child), end }
}

function failure(errorType: string, errorMessage: string): Outcome {
  return { ok: false, error: { errorType, errorMessage } }
}

/** Lambda gives a tenth of the memory to new objects and the rest to old ones. */
function memoryFlags({ memoryMb = 1024 }: FunctionSpec): readonly string[] {
  const young = Math.floor(memoryMb / 10)
  return [
    '--expose-gc',
    `--max-semi-space-size=${Math.floor(young / 2)}`,
    `--max-old-space-size=${memoryMb - young}`,
  ]
}

/** The environment of a function (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), and no more. */
function environment(
  { major, taskRoot, memoryMb = 1024, env }: FunctionSpec,
  address: string,
): NodeJS.ProcessEnv {
  const runtime = dirname(process.env.LAMBDA_RUNTIME ?? '')
  return {
    _HANDLER: 'lambda.handler',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${major}.x`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: '2025/02/13/[$LATEST]0123456789abcdef0123456789abcdef',
    AWS_LAMBDA_RUNTIME_API: address,
    AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1: 'true',
    AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY,
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: runtime,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...env,
  }
}

function collect({ stdout, stderr }: ChildProcess): () => string {
  const chunks: Buffer[] = []
  for (const stream of [stdout, stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

/** Not what `getrusage` says, which begins with the memory of the process that started this one. */
function peakMb({ pid }: ChildProcess): number | undefined {
  try {
    const [, kb] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kb === undefined ? undefined : Number(kb) / mb
  } catch {
    return undefined
  }
}
