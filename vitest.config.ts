import { defineConfig } from 'vitest/config'

/** An integration test: `npm run test:NAME` starts the servers that it needs and runs this project alone. */
const integration = (name: string, include: string[], test: object) => ({ test: { name, include, ...test } })

export default defineConfig({
  test: {
    // What `vitest` runs when no `--project` is named.
    project: 'unit',
    maxWorkers: 2,
    // `npm run test:coverage`. Measured, and rounded down: raise a number when a test raises the coverage.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // These run in processes of their own in tests, where coverage is not measured.
      exclude: ['src/cli/main.ts', 'src/delivery/{lambda,lambda-log}.ts'],
      reporter: ['text-summary', 'json-summary'],
      reportsDirectory: '.lanes/coverage',
      thresholds: {
        lines: 95,
        'src/record/**': { lines: 99 },
        'src/codec/**': { lines: 99 },
        'src/delivery/**': { lines: 100 },
        'src/errors/**': { lines: 98 },
      },
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          globalSetup: 'test/setup.ts',
          setupFiles: 'test/seed.ts',
          // The only deadline that tests have. A machine that is busy with other things must not reach it.
          testTimeout: 900_000,
          hookTimeout: 600_000,
        },
      },
      integration('readers', ['test/readers/**/*.lane.ts'], { testTimeout: 300_000, maxWorkers: 1 }),
      integration('trino', ['test/trino/**/*.lane.ts'], {
        testTimeout: 120_000,
        hookTimeout: 300_000,
        maxWorkers: 1,
      }),
      integration('servers', ['test/servers/**/*.lane.ts', 'test/live/servers.lane.ts'], {
        testTimeout: 300_000,
        hookTimeout: 120_000,
      }),
      // These tests measure times and peaks of memory, so they run one after the other.
      integration('lambda', ['test/lambda/**/*.lane.ts'], {
        testTimeout: 300_000,
        hookTimeout: 120_000,
        maxWorkers: 1,
      }),
      integration('rehearsal', ['test/rehearsal/**/*.lane.ts'], {
        testTimeout: 120_000,
        hookTimeout: 180_000,
        maxWorkers: 1,
      }),
    ],
  },
})
