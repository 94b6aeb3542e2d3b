import { PipelineError, type RunCode } from '../record/error.ts'

/** A package of the AWS SDK that is not installed. */
export class PackageMissing extends PipelineError {
  readonly packageName: string
  constructor(code: RunCode, packageName: string, cause: unknown) {
    const message = `the package ${packageName} is not installed. Install it: npm install ${packageName}`
    super(code, message, { cause, isFixInMessage: true })
    this.packageName = packageName
  }
}

/**
 * Loads a package of the AWS SDK when it is first used: a run on one machine needs none of them.
 *
 * @param code What the caller reports when the package is missing.
 * @throws PackageMissing when it is not installed.
 * @example const sdk = await loadSdk('STORE_UNAVAILABLE', '@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'))
 */
export async function loadSdk<Sdk>(code: RunCode, name: string, load: () => Promise<Sdk>): Promise<Sdk> {
  // The SDK warns about old versions of Node on standard error, which belongs to the command.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  try {
    return await load()
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    throw isMissing ? new PackageMissing(code, name, error) : error
  }
}
