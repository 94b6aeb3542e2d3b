import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { PipelineError } from '../record/error.ts'
import { systemCode, unless } from './failure.ts'
import { folderMode } from './mode.ts'

/**
 * Makes a folder for its owner alone, and the folders above it that are missing. One that is there keeps its rights.
 * Returns the topmost folder that was made; undefined where nothing was.
 *
 * Node's own recursive `mkdir` never ends below a folder that takes no new ones, such as `/proc`: each level is made once
 * here. @throws PipelineError SETTING_INVALID for such a folder, else the error of the file system.
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  const folder = resolve(path)
  if (await isFolder(folder)) return undefined
  const first = await makeFolders(dirname(folder))
  try {
    await mkdir(folder, folderMode)
  } catch (cause) {
    // Another process made it meanwhile.
    if (systemCode(cause) === 'EEXIST' && (await isFolder(folder))) return first
    if (systemCode(cause) !== 'ENOENT' || !(await isFolder(dirname(folder)))) throw cause
    const message = `${folder} cannot be made: ${dirname(folder)} takes no new folders. Name a folder elsewhere.`
    throw new PipelineError('SETTING_INVALID', message, { cause, isFixInMessage: true })
  }
  return first ?? folder
}

async function isFolder(path: string): Promise<boolean> {
  return (await unless(['ENOENT'], stat(path)))?.isDirectory() === true
}
