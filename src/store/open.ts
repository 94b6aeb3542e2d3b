import { fileURLToPath, pathToFileURL } from 'node:url'
import { PipelineError } from '../record/error.ts'
import type { Runtime } from '../runtime.ts'
import { openDirectoryStore } from './directory.ts'
import { openS3Store } from './s3.ts'
import type { ObjectStore } from './store.ts'

/**
 * Opens the archive at `file:///abs`, `file:./relative`, a plain path, or `s3://bucket/prefix`.
 *
 * @param options.create Makes a missing directory; true unless given.
 * @param options.runtime The one of this process unless given.
 * @throws PipelineError SETTING_INVALID for any other URL; else as `openDirectoryStore` and `openS3Store`.
 */
export async function openStore(
  url: string,
  options: { readonly create?: boolean; readonly runtime?: Runtime } = {},
): Promise<ObjectStore> {
  const [, bucket, prefix] = /^s3:\/\/([^/]*)(\/.*)?$/i.exec(url) ?? []
  if (bucket !== undefined)
    return openS3Store({
      bucket,
      ...(prefix === undefined ? {} : { prefix }),
      ...(options.runtime && { runtime: options.runtime }),
    })
  return openDirectoryStore(pathOf(url), options)
}

/**
 * The directory that the URL of an archive names; undefined for an archive on S3.
 *
 * @throws PipelineError SETTING_INVALID for a URL that names neither.
 */
export function directoryOf(url: string): string | undefined {
  return /^s3:\/\/[^/]/i.test(url) ? undefined : pathOf(url)
}

function pathOf(url: string): string {
  if (url.trim() === '') throw refused(url, "it is empty. Name the archive's directory.")
  if (url.includes('\0')) throw refused(url, 'it holds a NUL character. Remove it.')
  if (/^s3:/i.test(url)) throw refused(url, 'it names no bucket. Write s3://bucket/prefix.')
  if (/^file:/i.test(url)) return fromFileUrl(url)
  // A single letter is a Windows drive, and a colon alone may be in a path.
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(url)?.[1]
  if (scheme === undefined) return url
  throw refused(
    url,
    `archives on '${scheme}' are not supported. Use a directory, a file: URL or s3://bucket/prefix.`,
  )
}

function fromFileUrl(url: string): string {
  try {
    const parsed = new URL(url, pathToFileURL(`${process.cwd()}/`))
    if (parsed.search === '' && parsed.hash === '') return fileURLToPath(parsed)
  } catch {
    // Whatever is wrong with it, the fix is the same.
  }
  throw refused(url, 'it names no local directory. Write file:///path, file:./path or a plain path.')
}

function refused(url: string, problem: string): PipelineError {
  return new PipelineError('SETTING_INVALID', `the archive '${url}' cannot be opened: ${problem}`)
}
