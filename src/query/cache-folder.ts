import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Settings } from '../settings.ts'

/**
 * Returns the folder in which the cache of one archive lies; undefined where there is no place for a cache. Two archives
 * never share a folder: files that one of them lacks would be dropped from the cache.
 *
 * @example
 * cacheFolder(settings, process.env, store.url)
 */
export function cacheFolder(
  settings: Pick<Settings, 'cache'>,
  env: NodeJS.ProcessEnv,
  archiveUrl: string,
): string | undefined {
  const root = cacheRoot(settings, env)
  const name = createHash('sha256').update(archiveUrl).digest('hex').slice(0, 16)
  return root === undefined ? undefined : join(root, name)
}

/** Returns the folder of all caches: the setting, else the cache folder of the user; undefined where there is neither. */
function cacheRoot({ cache }: Pick<Settings, 'cache'>, env: NodeJS.ProcessEnv): string | undefined {
  if (cache !== undefined) return cache
  const home = env.XDG_CACHE_HOME || (env.HOME ? join(env.HOME, '.cache') : env.LOCALAPPDATA)
  return home ? join(home, 'dmd-pipeline') : undefined
}

/** Returns the file that keeps the index of an archive's errors, beside the cache of its rows. */
export function errorIndexFile(cacheFolder: string): string {
  return `${cacheFolder}.errors`
}
