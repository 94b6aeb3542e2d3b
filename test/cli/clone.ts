import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { main } from './process.ts'

export type Clone = {
  /** The built command. */
  readonly main: string
  readonly infra: string
}

/**
 * A clone of the project as far as `dmd deploy` needs one: the built command, and beside it the folder of the CDK app, which a
 * test may change.
 */
export function makeClone(folder: string): Clone {
  const dist = dirname(main)
  const root = dirname(dist)
  cpSync(dist, join(folder, 'dist'), {
    recursive: true,
    filter: (path) => path !== join(dist, 'types') && !path.endsWith('.map'),
  })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(resolve(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  const infra = join(folder, 'infra')
  mkdirSync(infra)
  writeFileSync(join(infra, 'cdk.json'), readFileSync(join(root, 'infra', 'cdk.json')))
  return { main: join(folder, 'dist', 'main.js'), infra }
}
