import { type Profiler, Session } from 'node:inspector'

// V8 counts the blocks of those functions alone that it compiles while it counts, and it compiles a function when it is
// called first. So the count is on from here, before the code under test has run.
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** What V8 has counted since it was asked before. */
function takeCounts(): Profiler.ScriptCoverage[] {
  let found: Profiler.ScriptCoverage[] = []
  session.post('Profiler.takePreciseCoverage', (_, taken) => {
    found = taken.result
  })
  return found
}

// Work in steps, by no clock: how often V8 entered each block of our own code, and for what the language does at once
// (to search a list, to copy a text) how much it had before it.

type Cost = (self: unknown, result: unknown) => number

const lengthOf = (value: unknown): number =>
  typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array ? value.length : 1
const ofBoth: Cost = (self, result) => lengthOf(self) + lengthOf(result)

const lists = [
  'includes',
  'indexOf',
  'find',
  'findIndex',
  'findLast',
  'some',
  'every',
  'filter',
  'map',
  'flatMap',
  'slice',
  'concat',
  'join',
  'shift',
  'unshift',
  'splice',
  'sort',
  'reverse',
  'reduce',
] as const
const texts = [
  'includes',
  'indexOf',
  'lastIndexOf',
  'replace',
  'replaceAll',
  'split',
  'startsWith',
  'endsWith',
  'toWellFormed',
  'isWellFormed',
  'padStart',
] as const

type Patched = { readonly owner: object; readonly name: string; readonly cost: Cost }
const patched: readonly Patched[] = [
  ...lists.map((name) => ({ owner: Array.prototype, name, cost: ofBoth })),
  ...texts.map((name) => ({ owner: String.prototype, name, cost: ofBoth })),
  { owner: Object, name: 'keys', cost: (_, result) => lengthOf(result) },
  { owner: Object, name: 'entries', cost: (_, result) => lengthOf(result) },
  { owner: Object, name: 'values', cost: (_, result) => lengthOf(result) },
  { owner: JSON, name: 'stringify', cost: (_, result) => lengthOf(result) },
]

const ours = new URL('../../src/', import.meta.url).pathname

/** The steps that `work` takes in our own code and in the language below it. */
export function countSteps(work: () => unknown): number {
  let steps = 0
  const restore = patched.map(({ owner, name, cost }) => {
    const before = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor
    const original: (...args: unknown[]) => unknown = before.value
    let isInside = false
    const counted = function (this: unknown, ...args: unknown[]): unknown {
      if (isInside) return Reflect.apply(original, this, args)
      const result = Reflect.apply(original, this, args)
      isInside = true
      steps += cost(this, result)
      isInside = false
      return result
    }
    Object.defineProperty(owner, name, { ...before, value: counted })
    return () => Object.defineProperty(owner, name, before)
  })
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  let found: Profiler.ScriptCoverage[] = []
  takeCounts()
  try {
    work()
    found = takeCounts()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    for (const undo of restore) undo()
  }
  for (const { url, functions } of found) {
    if (!url.includes(ours)) continue
    for (const { ranges } of functions) for (const { count } of ranges) steps += count
  }
  return steps
}
