import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bug } from './plant.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Why a bug of the list cannot be planted, or undefined: its source has changed, or its test has gone. */
export function faultOf({ source, find, replace, test }: Bug): string | undefined {
  if (!existsSync(join(root, source))) return `there is no ${source}`
  if (!existsSync(join(root, test))) return `there is no ${test}`
  const times = readFileSync(join(root, source), 'utf8').split(find).length - 1
  if (times !== 1) return `its text stands ${times} times in ${source}, and not once`
  return find === replace ? 'it changes nothing' : undefined
}
