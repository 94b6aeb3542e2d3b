import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/rehearsal/**/*.lane.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
  },
})
