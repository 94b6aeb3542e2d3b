import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { afterAll } from 'vitest'
import { parseConfig } from '../src/config.ts'
import { createApp, type DataStack, type PipelineStack } from '../src/stacks.ts'
import { layOutWorker } from '../src/worker.ts'

/** The worker as it is zipped, of the project's own schemas. */
export const worker = mkdtempSync(join(tmpdir(), 'dmd-worker-'))
layOutWorker(worker, undefined)
afterAll(() => rmSync(worker, { recursive: true, force: true }))

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

/** A template in which every reference is a text, such as `${Archive.Arn}`, and no id has a digest: for people to read. */
export type Readable = {
  readonly Resources: {
    readonly [id: string]: {
      readonly Type: string
      readonly Properties: Properties
      readonly DependsOn: readonly string[]
    }
  }
  readonly Outputs: { readonly [name: string]: { readonly Value: string } }
}

/** Both templates, readable: what one takes from the other is named as it is there. */
export function readable({ data, pipeline }: Synthesised): {
  readonly data: Readable
  readonly pipeline: Readable
} {
  type Output = { readonly Value: unknown; readonly Export?: { readonly Name: string } }
  const outputs = Object.values((data.toJSON().Outputs ?? {}) as { [name: string]: Output })
  const exported = new Map(outputs.map(({ Value, Export }) => [Export?.Name, Value]))
  const read = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(read)
    if (typeof value !== 'object' || value === null) return value
    const [[word, of] = []] = Object.entries(value)
    if (word === 'Ref') return `\${${withoutDigest(of)}}`
    if (word === 'Fn::GetAtt') return `\${${withoutDigest(of[0])}.${of[1]}}`
    if (word === 'Fn::ImportValue') return read(exported.get(of))
    if (word === 'Fn::Join') return (read(of[1]) as string[]).join(of[0])
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, read(member)]))
  }
  const whole = (template: Template) => {
    const { Resources, Outputs = {} } = template.toJSON() as { Resources: object; Outputs?: object }
    const known = Object.entries(Resources).map(([id, { DependsOn = [], ...resource }]) => [
      withoutDigest(id),
      { ...(read(resource) as object), DependsOn: [DependsOn].flat().map(withoutDigest) },
    ])
    if (new Set(known.map(([id]) => id)).size < known.length)
      throw new Error('two ids differ in digest alone')
    return { Resources: Object.fromEntries(known), Outputs: read(Outputs) } as Readable
  }
  return { data: whole(data), pipeline: whole(pipeline) }
}

export function withoutDigest(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '')
}

/** All resources of a type in a readable template, by id. */
export function ofType({ Resources }: Readable, type: string): readonly (readonly [string, Properties])[] {
  return Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
    Type === type ? [[id, Properties] as const] : [],
  )
}

/** Writes a further record type, `hold`, into a folder that it makes. */
export function writeFurtherType(folder: string): void {
  const sale = JSON.parse(readFileSync(new URL('../../src/schemas/sale.avsc', import.meta.url), 'utf8'))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'hold.avsc'), JSON.stringify({ ...sale, name: 'hold', plural: 'holds' }))
}
