import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConfigError, readConfig } from './config.ts'
import { unexplained } from './findings.ts'
import { createApp } from './stacks.ts'

// `tsx src/app.ts [--release]`: writes the templates to cdk.out, or release.out for others to deploy.
const isRelease = process.argv.includes('--release')
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
try {
  const config = readConfig(process.env.DEPLOY_CONFIG ?? 'dmd.deploy.json')
  const worker = at('../worker')
  if (!isRelease && !existsSync(worker)) throw new ConfigError('the worker is not staged: npm run stage')
  const outdir = isRelease ? at('../release.out') : (process.env.CDK_OUTDIR ?? at('../cdk.out'))
  const app = createApp({ config, outdir, ...(isRelease ? {} : { worker }) })
  app.synth()
  const findings = unexplained(app)
  for (const { rule, path, description } of findings)
    process.stderr.write(`${rule} at ${path}: ${description}\n`)
  if (findings.length > 0)
    throw new ConfigError(`cdk-nag has ${findings.length} findings that src/findings.ts does not explain`)
  process.stderr.write(`written to ${outdir}\n`)
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`error: ${error.message}\n`)
  process.exitCode = 2
}
