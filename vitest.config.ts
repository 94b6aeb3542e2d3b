import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/setup.ts',
    setupFiles: 'test/seed.ts',
    // The only deadline that tests have. A machine that is busy with other things must not reach it.
    testTimeout: 900_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
  },
})
