import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { commandLines, commandText, quoted, selfName } from '../../src/cli/commandline.ts'
import { testIo } from './io.ts'

test.each([
  ['/usr/bin/dmd', { PATH: '/bin:/usr/bin' }, 'dmd'],
  ['/clone/dist/main.js', { PATH: '/bin' }, 'node dist/main.js'],
  ['/elsewhere/my clone/dist/main.js', {}, 'node "/elsewhere/my clone/dist/main.js"'],
  // npm runs a link in its cache, which no PATH of a person's shell has.
  ['/home/ada/.npm/_npx/1/node_modules/.bin/dmd', { npm_command: 'exec', PATH: '/bin' }, 'npx dmd'],
  ['/clone/dist/main.js', { npm_command: 'run-script', PATH: '/bin' }, 'npx dmd'],
  ['/clone/dist/main.js', { npm_command: 'run', PATH: '/bin' }, 'npx dmd'],
  ['/clone/node_modules/.bin/dmd', { PATH: '/bin' }, 'node node_modules/.bin/dmd'],
])('started as %s, the command is called as the person can call it', (script, env, name) => {
  expect(selfName({ script, folder: '/clone', env })).toBe(name)
})

const odd = [
  './archive',
  "an archive's ß",
  'a "b" $HOME `id` !x \\',
  '',
  'two  spaces',
  '~/x',
  '*',
  'a;b',
  '-é',
]

test('a shell reads a printed argument as it was', () => {
  for (const text of odd) {
    const { stdout } = spawnSync('sh', ['-c', `printf %s ${quoted(text)}`], { encoding: 'utf8' })
    expect(stdout).toBe(text)
  }
})

test('a shell reads a command over several lines as on one', () => {
  const { io } = testIo({ self: 'printf "%s\\n"' })
  const args = ['query', 'SELECT fanid, eventid FROM demand', ...odd.flatMap((text) => ['--archive', text])]
  const read = (text: string) => spawnSync('sh', ['-c', text], { encoding: 'utf8' }).stdout
  const lines = commandLines(io, args)
  expect(lines.split('\n').length).toBeGreaterThan(3)
  for (const line of lines.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  expect(read(lines)).toBe(`${args.join('\n')}\n`)
  expect(read(commandText(io, args))).toBe(`${args.join('\n')}\n`)
})
