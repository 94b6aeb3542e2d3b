/** A bug that a test has to notice: a text of a source, and what stands there instead. */
export type Bug = {
  /** What is wrong with it. */
  readonly what: string
  readonly source: string
  /** Stands exactly once in the source. */
  readonly find: string
  readonly replace: string
  /** The test file that notices it. */
  readonly test: string
  /** A part of the names of the tests that are run, where the whole file takes long. */
  readonly names?: RegExp
}

type Planted = readonly [what: string, find: string, replace: string, names?: RegExp]

/** The bugs of one source that one test file notices. */
export function plant(
  source: string,
  test: string,
  planted: readonly Planted[],
  most?: RegExp,
): readonly Bug[] {
  return planted.map(([what, find, replace, names = most]) => ({
    ...{ what, source, find, replace, test },
    ...(names && { names }),
  }))
}
