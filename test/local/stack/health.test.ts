import { expect, test } from 'vitest'
import { healthOf, isHealthy, staleMs } from '../../../src/local/stack/health.ts'
import type { Report } from '../../../src/local/stack/report.ts'

const nowMs = Date.UTC(2025, 1, 13, 18, 30)

const report: Report = {
  format: 1,
  command: 'worker',
  state: 'running',
  pid: 4_242,
  startedMs: nowMs - 65_000,
  reportedMs: nowMs,
  archive: 'file:///archive',
  stream: 'changes',
  delivery: {
    delivered: 0,
    errored: 0,
    objects: 0,
    batches: 0,
    failures: 0,
    givenUp: 0,
    trimmed: 0,
    resumed: 0,
    perSecond: 0,
    lagMs: 0,
    held: 0,
  },
  alerts: [],
  shards: [],
}

test('a process is healthy while it runs, reports, and no alert fires', () => {
  expect(healthOf(report, 'alive', nowMs)).toBe('running')
  expect(isHealthy(report, 'running')).toBe(true)
  const alert = { name: 'lag', sinceMs: nowMs, text: 'late', runbook: 'r' } as const
  expect(isHealthy({ ...report, alerts: [alert] }, 'running')).toBe(false)
  for (const health of ['draining', 'stopped', 'silent', 'killed'] as const)
    expect(isHealthy(report, health)).toBe(false)
  expect(isHealthy(undefined, 'none')).toBe(false)
})

test('a process is silent once its report is older than the limit, whatever its report says', () => {
  expect(healthOf(report, 'unknown', nowMs + staleMs)).toBe('running')
  expect(healthOf(report, 'unknown', nowMs + staleMs + 1)).toBe('silent')
  expect(healthOf({ ...report, state: 'draining' }, 'alive', nowMs)).toBe('draining')
  expect(healthOf({ ...report, state: 'draining' }, 'alive', nowMs + staleMs + 1)).toBe('silent')
})

test('a process that is gone was killed, unless it had stopped', () => {
  expect(healthOf(report, 'dead', nowMs)).toBe('killed')
  expect(healthOf({ ...report, state: 'draining' }, 'dead', nowMs)).toBe('killed')
  expect(healthOf({ ...report, state: 'stopped' }, 'dead', nowMs)).toBe('stopped')
  expect(healthOf({ ...report, state: 'stopped' }, undefined, nowMs + 1e9)).toBe('stopped')
  expect(healthOf(undefined, undefined, nowMs)).toBe('none')
})
