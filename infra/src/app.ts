import { existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PipelineError } from '../../src/record/error.ts'
import { ConfigError, findConfig, readConfig } from './config.ts'
import { unexplained } from './findings.ts'
import { createApp } from './stacks.ts'
import { layOutWorker } from './worker.ts'

// `tsx src/app.ts [--release]`: writes the templates to cdk.out, or release.out for others to deploy, and lays out the worker.
const isRelease = process.argv.includes('--release')
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
try {
  const source = findConfig(process.env)
  const config = readConfig(source)
  const worker = at('../worker')
  layOutWorker(worker, config.schemas)
  const { CDK_OUTDIR } = process.env
  const outdir = CDK_OUTDIR ?? at(isRelease ? '../release.out' : '../cdk.out')
  // Templates of another name would stay beside these. What the CDK's command gives, it clears itself.
  if (CDK_OUTDIR === undefined) rmSync(outdir, { recursive: true, force: true })
  const app = createApp({ config, outdir, ...(isRelease ? {} : { worker }) })
  app.synth()
  const findings = unexplained(app)
  for (const { rule, path, description } of findings)
    process.stderr.write(`${rule} at ${path}: ${description}\n`)
  if (findings.length > 0)
    throw new ConfigError(`cdk-nag has ${findings.length} findings that src/findings.ts does not explain`)
  process.stderr.write(`written to ${outdir}, by ${existsSync(source) ? source : 'the defaults'}\n`)
} catch (error) {
  // A schema may be wrong as well as an option.
  if (!(error instanceof ConfigError || error instanceof PipelineError)) throw error
  process.stderr.write(`error: ${error.message}\n`)
  process.exitCode = 2
}
