/** What is known of a stored object without reading it. */
export type ObjectInfo = {
  readonly key: string
  /** Size in bytes. */
  readonly size: number
  /** Opaque: equal exactly as long as the object under the key is the same one. */
  readonly etag: string
}

export type StoredObject = ObjectInfo & { readonly bytes: Uint8Array }

export type PutCondition =
  /** Create only: S3's `If-None-Match: *`. */
  | { readonly ifAbsent: true }
  /** Replace exactly the object that was read: S3's `If-Match`. */
  | { readonly ifMatch: string }

/** What a lifecycle rule of S3 may go by. Of letters, digits and `-`. */
export type ObjectTag = { readonly name: string; readonly value: string }

/**
 * - `stored`: the bytes are durable and visible under the key.
 * - `exists`: `ifAbsent` was asked and the key is taken, durably, by a whole object; nothing was written. It may be this
 *   very put's, where an answer of S3's was lost and the object cannot be read.
 * - `changed`: `ifMatch` was asked and another object is there, or none; nothing was written.
 */
export type PutOutcome =
  | { readonly outcome: 'stored'; readonly etag: string }
  | { readonly outcome: 'exists' }
  | { readonly outcome: 'changed' }

/** One version of an object, in a store that keeps versions. */
export type ObjectVersion = {
  readonly key: string
  /** Names the version. S3 calls the one that was stored before versions were enabled `null`. */
  readonly id: string
  /** True for the version that `get` returns, or, if it is a delete marker, hides. */
  readonly isLatest: boolean
  /** True for the marker that a delete leaves. It holds no bytes. */
  readonly isDeleteMarker: boolean
  /** Size in bytes; 0 for a delete marker. */
  readonly size: number
  /** Empty for a delete marker. */
  readonly etag: string
}

/** The versions of objects: what remains after a replacement or a delete, and what removes it for good. */
export type ObjectVersions = {
  /**
   * Every version of the object under exactly this key, delete markers included, in no particular order and in bounded
   * memory. Versions of longer keys that begin with this key are left out.
   */
  list(key: string, options?: { signal?: AbortSignal }): AsyncIterable<ObjectVersion>
  /**
   * Removes one version for good; does nothing if it is not there. Removing the latest version makes the one before it
   * the latest: to erase an object, remove the older versions first.
   */
  delete(key: string, id: string, options?: { signal?: AbortSignal }): Promise<void>
}

/**
 * The outside seam to an archive: a directory on one machine, S3 in AWS.
 *
 * Promises of every implementation, held by `test/contract/store.ts`: an object is visible whole or not at all,
 * whatever is killed when; a `stored` object survives a power cut; of several conditional puts that race, exactly
 * one wins; `list` is in ascending order of the keys' UTF-8 bytes and sees every object that was stored before it
 * began and not deleted since.
 *
 * Throws `PipelineError` KEY_INVALID for a key that cannot be stored and STORE_UNAVAILABLE, with the cause, when
 * the store cannot be reached, read or written, or when the signal is aborted before the call is done. A change that
 * throws STORE_UNAVAILABLE may have happened. STORE_BUSY means that it did not: others kept the object locked.
 */
export interface ObjectStore {
  /** The archive's URL, for people. */
  readonly url: string
  /** Undefined for a store that never keeps versions, such as a directory: a replaced object is gone there. */
  readonly versions: ObjectVersions | undefined
  put(
    key: string,
    bytes: Uint8Array,
    options?: {
      condition?: PutCondition
      signal?: AbortSignal
      /** Kept where the store has tags. */
      tag?: ObjectTag
    },
  ): Promise<PutOutcome>
  /** Gives an object this tag and no other. Absent where the store has none. */
  tag?(key: string, tag: ObjectTag, options?: { signal?: AbortSignal }): Promise<void>
  /** The object, or undefined when there is none. `bytes` are the object that `etag` names. */
  get(key: string, options?: { signal?: AbortSignal }): Promise<StoredObject | undefined>
  head(key: string, options?: { signal?: AbortSignal }): Promise<ObjectInfo | undefined>
  /** Every object whose key starts with `prefix` (a plain string prefix), page by page in bounded memory. */
  list(prefix: string, options?: { after?: string; signal?: AbortSignal }): AsyncIterable<ObjectInfo>
  /** The keys that `list` would give, in pages, and no more about them: many times faster where each object has to be looked at. */
  keys(prefix: string, options?: { after?: string; signal?: AbortSignal }): AsyncIterable<readonly string[]>
  /** Deletes; true when an object was there. With `ifMatch`, only the object that was read. */
  delete(key: string, options?: { ifMatch?: string; signal?: AbortSignal }): Promise<boolean>
}
