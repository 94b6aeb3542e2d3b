import { chmod, copyFile, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unless } from './failure.ts'
import { syncFolder } from './folder.ts'
import { fileMode } from './mode.ts'

export type ReplaceOptions = {
  /** True if the new file has to survive a power cut from the moment the promise resolves. */
  readonly isDurable?: boolean
  /** Where the new file is written first: `{path}.part` unless given. Writers of one file at once need one each. */
  readonly part?: string
}

/**
 * Replaces a file, or makes it, for its owner alone. A reader sees the old file or the new one, whole, whatever is killed
 * when: the content is written aside, and then renamed.
 *
 * @throws the error of the file system. The old file then stays, and nothing is left aside.
 * @example await replaceFile('state/status.json', JSON.stringify(report))
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  { isDurable = false, part = `${path}.part` }: ReplaceOptions = {},
): Promise<void> {
  await orDiscard(part, async () => {
    const handle = await open(part, 'w', fileMode)
    try {
      await handle.writeFile(content)
      if (isDurable) await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(part, path)
  })
  if (isDurable) await syncFolder(dirname(path))
}

/** A file that is being written. */
export type OutputFile = {
  write(content: string | Uint8Array): Promise<void>
  /** Gives the file its name. Nothing can be written after it. */
  end(): Promise<void>
  /** Removes what was written: what was there before stays. Does nothing after `end`. */
  discard(): Promise<void>
}

/**
 * Opens a file that a person named, to be written piece by piece. Until `end`, the file of that name stays what it was. A
 * new one is for its owner alone; one that was there keeps its rights, and a link to it stays a link. Something that is no
 * file, such as a pipe or `/dev/stdout`, is written to as it is.
 */
export async function openOutputFile(path: string): Promise<OutputFile> {
  const { target, mode, isSpecial } = await targetOf(path)
  const part = isSpecial ? target : partOf(target)
  const handle = await open(part, 'w', mode)
  let isOpen = true
  const close = async () => {
    isOpen = false
    await handle.close()
  }
  return {
    write: (content) => handle.writeFile(content),
    end: async () => {
      if (isSpecial) return close()
      await orDiscard(part, async () => {
        await handle.chmod(mode)
        await close()
        await rename(part, target)
      })
    },
    discard: async () => {
      if (!isOpen) return
      await close()
      if (!isSpecial) await rm(part, { force: true })
    },
  }
}

/** Moves a file that another program has written to its place, as `openOutputFile` would. It may come from another disk. */
export async function moveFile(from: string, to: string): Promise<void> {
  const { target, mode, isSpecial } = await targetOf(to)
  if (isSpecial) return copyFile(from, target)
  await chmod(from, mode)
  await rename(from, target).catch(async (error) => {
    if (error.code !== 'EXDEV') throw error
    const part = partOf(target)
    await orDiscard(part, async () => {
      await copyFile(from, part)
      await rename(part, target)
    })
  })
}

/** Beside the file, so that it is on the same disk; no other process uses the name. */
function partOf(path: string): string {
  return `${path}.${process.pid}.part`
}

async function targetOf(path: string): Promise<{ target: string; mode: number; isSpecial: boolean }> {
  const found = await unless(['ENOENT'], stat(path))
  if (found === undefined) return { target: path, mode: fileMode, isSpecial: false }
  return { target: await realpath(path), mode: found.mode & 0o777, isSpecial: !found.isFile() }
}

async function orDiscard(part: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw error
  }
}
