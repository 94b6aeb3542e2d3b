import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/trino/**/*.lane.ts'], testTimeout: 120_000, hookTimeout: 300_000, maxWorkers: 1 },
})
