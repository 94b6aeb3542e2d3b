import { createRequire } from 'node:module'

const { DatabaseSync: Real } = createRequire(import.meta.url)(
  '@photostructure/sqlite',
) as typeof import('@photostructure/sqlite')

let calls = 0
let killAt = 0

/** Kills this process when it is about to call the database, or what else counts, for the nth time. */
export function killAtCall(n: number): void {
  killAt = n
}

export function countCall(): void {
  calls += 1
  if (calls === killAt) process.kill(process.pid, 'SIGKILL')
}

/** SQLite, with each call counted that may change the disk. */
export class DatabaseSync {
  readonly #real
  constructor(path: string) {
    this.#real = new Real(path)
  }
  get isTransaction() {
    return this.#real.isTransaction
  }
  exec(sql: string) {
    countCall()
    this.#real.exec(sql)
  }
  prepare(sql: string) {
    const real = this.#real.prepare(sql)
    return {
      run(...values: unknown[]) {
        countCall()
        return real.run(...values)
      },
      get(...values: unknown[]) {
        // A checkpoint is a statement that gives a row.
        if (sql.startsWith('PRAGMA')) countCall()
        return real.get(...values)
      },
      all: (...values: unknown[]) => real.all(...values),
      iterate: (...values: unknown[]) => real.iterate(...values),
    }
  }
  close() {
    countCall()
    this.#real.close()
  }
}
