import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/servers/**/*.lane.ts', 'test/live/servers.lane.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
