import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { writeFurtherType } from './app.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsx = join(root, 'infra/node_modules/tsx/dist/cli.mjs')

/** All that the app needs, in a folder of its own: it writes beside its source. */
const copy = mkdtempSync(join(tmpdir(), 'dmd-app-'))
const parts = ['package.json', 'src', 'docs/operations.md', 'dist/lambda.mjs', 'dist/schemas']
for (const part of [...parts, 'infra/package.json', 'infra/src']) {
  mkdirSync(dirname(join(copy, part)), { recursive: true })
  cpSync(join(root, part), join(copy, part), { recursive: true })
}
for (const part of ['node_modules', 'infra/node_modules'])
  symlinkSync(join(root, part), join(copy, part), 'junction')
afterAll(() => rmSync(copy, { recursive: true, force: true }))

const wrong = join(copy, 'wrong')
mkdirSync(wrong)
writeFileSync(join(wrong, 'hold.avsc'), '{')

type Ended = { readonly code: number; readonly said: string }

/** Runs the app by a file of options, as npm's scripts and the CDK's command do, to its end. */
function run(options: string, env: NodeJS.ProcessEnv = {}, flags: readonly string[] = []): Promise<Ended> {
  const file = join(mkdtempSync(join(copy, 'options-')), 'dmd.deploy.json')
  writeFileSync(file, options)
  // What says where things are comes from here alone, also when the tests run below npm.
  const { CDK_OUTDIR: _, INIT_CWD: __, ...inherited } = process.env
  return new Promise((done) => {
    execFile(
      process.execPath,
      [tsx, 'src/app.ts', ...flags],
      { cwd: join(copy, 'infra'), env: { ...inherited, DEPLOY_CONFIG: file, ...env } },
      (error, _stdout, said) => done({ code: error === null ? 0 : Number(error.code), said }),
    )
  })
}

function templatesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.template.json'))
    .sort()
}

describe('options that can be deployed', () => {
  test('become two templates where the CDK wants them, beside what is there, and a worker of the same types', async () => {
    writeFurtherType(join(copy, 'further'))
    const outdir = join(copy, 'good')
    mkdirSync(outdir)
    writeFileSync(join(outdir, 'of-the-cdk'), '')
    const options = { name: 'one', schemas: '../further', existingBucket: 'team-bucket', prefix: 'a/b' }
    const { code, said } = await run(JSON.stringify(options), { CDK_OUTDIR: outdir })
    expect(said).toContain(`written to ${outdir}, by `)
    expect(code).toBe(0)
    expect(templatesIn(outdir)).toEqual(['one-data.template.json', 'one-pipeline.template.json'])
    expect(existsSync(join(outdir, 'of-the-cdk'))).toBe(true)
    expect(templatesIn(join(copy, 'infra/cdk.out'))).toEqual([])
    expect(readFileSync(join(outdir, 'one-data.template.json'), 'utf8')).toContain('"Tablehold"')
    const [asset = ''] = readdirSync(outdir).filter((name) => /^asset\.[0-9a-f]+$/.test(name))
    expect(readdirSync(join(outdir, asset, 'schemas'))).toContain('hold.avsc')
  })

  test('leave no template of an earlier name where no folder is given', async () => {
    const folder = join(copy, 'infra/cdk.out')
    mkdirSync(folder, { recursive: true })
    for (const name of ['earlier-data', 'earlier-pipeline'])
      writeFileSync(join(folder, `${name}.template.json`), '{}')
    expect(await run('{"name":"two"}')).toMatchObject({ code: 0 })
    expect(templatesIn(folder)).toEqual(['two-data.template.json', 'two-pipeline.template.json'])
  })

  test('become templates that name no worker of this machine, for a release', async () => {
    expect(await run('{"name":"three"}', {}, ['--release'])).toMatchObject({ code: 0 })
    const folder = join(copy, 'infra/release.out')
    expect(templatesIn(folder)).toEqual(['three-data.template.json', 'three-pipeline.template.json'])
    expect(readdirSync(folder).filter((name) => name.startsWith('asset.'))).toEqual([])
  })
})

describe('options that cannot be deployed', () => {
  test.each([
    [
      'an option that there is not',
      '{"nam":"x"}',
      /^error: .*dmd\.deploy\.json: nam: there is no such option\n$/,
    ],
    ['what is no JSON', '{"name":', /^error: .*dmd\.deploy\.json: .*JSON.*\n$/],
    [
      'two that cannot both be',
      '{"existingStream":"arn:aws:kinesis:eu-west-1:123456789012:stream/s","stream":{"shards":2}}',
      /^error: .*dmd\.deploy\.json: stream\.shards: is of a new stream, and existingStream names one\n$/,
    ],
    [
      'a folder that is not there',
      '{"schemas":"nowhere"}',
      /^error: schemas: there is no folder .*nowhere\n$/,
    ],
    ['a schema that is wrong', JSON.stringify({ schemas: wrong }), /^error: .*hold\.avsc: .*JSON.*\n$/],
  ])('end it with 2, one line and no template: %s', async (what, options, line) => {
    const outdir = join(copy, what)
    const { code, said } = await run(options, { CDK_OUTDIR: outdir })
    expect(said).toMatch(line)
    expect(code).toBe(2)
    expect(templatesIn(outdir)).toEqual([])
  })
})

test('what cdk-nag finds and nobody has explained ends it with 2, and is named', async () => {
  const file = join(copy, 'infra/src/archive.ts')
  const source = readFileSync(file, 'utf8')
  const worse = source.replace('enforceSSL: true', 'enforceSSL: false')
  expect(worse).not.toBe(source)
  writeFileSync(file, worse)
  const { code, said } = await run('{}', { CDK_OUTDIR: join(copy, 'worse') })
  writeFileSync(file, source)
  expect(said).toMatch(/^AwsSolutions-S10 at dmd-data\/Archive\/Resource: /m)
  expect(said).toMatch(/^error: cdk-nag has \d+ findings that src\/findings\.ts does not explain$/m)
  expect(code).toBe(2)
})
