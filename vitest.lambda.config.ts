import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/lambda/**/*.lane.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // Peaks of memory and times are told: one after the other.
    maxWorkers: 1,
  },
})
