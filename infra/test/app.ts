import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { parseConfig } from '../src/config.ts'
import { createApp, type DataStack, type PipelineStack } from '../src/stacks.ts'
import { layOutWorker } from '../src/worker.ts'

/** The worker as it is zipped, of the project's own schemas. */
export const worker = mkdtempSync(join(tmpdir(), 'dmd-worker-'))
layOutWorker(worker, undefined)
process.once('exit', () => rmSync(worker, { recursive: true, force: true }))

export type Synthesised = { readonly app: App; readonly data: Template; readonly pipeline: Template }

/** The app of a configuration, and its two templates. */
export function synthesise(config: object = {}, options: { readonly isRelease?: boolean } = {}): Synthesised {
  const parsed = parseConfig(config, 'test')
  const app = createApp({ config: parsed, ...(options.isRelease ? {} : { worker }) })
  const stack = (name: string) => app.node.findChild(`${parsed.name}-${name}`) as DataStack | PipelineStack
  return { app, data: Template.fromStack(stack('data')), pipeline: Template.fromStack(stack('pipeline')) }
}

export type Resource = { readonly Type: string; readonly [name: string]: unknown }
export type Properties = { readonly [name: string]: never }

/** All resources of a type, by logical id. */
export function resources(
  template: Template,
  type: string,
): readonly [string, { Properties: Properties } & Resource][] {
  return Object.entries(template.findResources(type)) as never
}

export function only(template: Template, type: string): Properties {
  const found = resources(template, type)
  if (found.length !== 1) throw new Error(`${found.length} of ${type}`)
  return found[0]![1].Properties
}
