import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What a tool prints, and how it ends. They are run as commands, as a contributor runs them. */
function runTool(...path: readonly string[]): { status: number | null; output: string } {
  const [file = '', ...args] = path
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules', file), ...args],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  return { status, output: `${stdout}${stderr}` }
}

test('no file, no export and no dependency is unused', () => {
  const { status, output } = runTool('knip/bin/knip.js', '--no-progress', '--no-config-hints')
  expect(output).toBe('')
  expect(status).toBe(0)
})

test('publint finds nothing wrong in the package that npm would publish', () => {
  const { status, output } = runTool('publint/src/cli.js', '--strict', '--pack', 'npm')
  expect(output).toContain('All good!')
  expect(status).toBe(0)
})
