// Makes what is released, in release/: the templates that name no bootstrap, the worker's zip, and their digests. They deploy
// with whatever deploys CloudFormation: examples/terraform shows one. Options come from the file that DEPLOY_CONFIG names,
// else dmd.deploy.json here or in infra/, as for a deployment. The same files give the same digests.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const out = 'release'
const written = join('infra', 'release.out')

function run(...args) {
  const { status } = spawnSync('npm', args, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}

if (!existsSync(join('infra', 'node_modules'))) run('--prefix', 'infra', 'ci')
run('--prefix', 'infra', 'run', 'release')

rmSync(out, { recursive: true, force: true })
mkdirSync(out)
// Of the schemas that are configured.
run('run', 'zip', '--', join(out, 'delivery-worker.zip'), join('infra', 'worker'))
const templates = readdirSync(written).filter((name) => name.endsWith('.template.json'))
for (const name of templates) copyFileSync(join(written, name), join(out, name))
const sums = readdirSync(out).map((name) => {
  const digest = createHash('sha256')
    .update(readFileSync(join(out, name)))
    .digest('hex')
  return `${digest}  ${name}\n`
})
writeFileSync(join(out, 'SHA256SUMS'), sums.join(''))
console.log(`\n${out}/\n${sums.join('')}`)
