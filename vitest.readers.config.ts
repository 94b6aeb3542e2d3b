import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/readers/**/*.lane.ts'], testTimeout: 300_000, maxWorkers: 1 },
})
