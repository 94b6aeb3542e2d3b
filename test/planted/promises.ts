import type { Bug } from './plant.ts'

export const promiseBugs: readonly Bug[] = []
