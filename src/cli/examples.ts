import type { Command } from 'commander'

/** Calls of each command by its name, the usual one first. The help and docs/cli.md show them. */
const examples: ReadonlyMap<string, readonly string[]> = new Map([
  ['', ['dmd demo', 'dmd up', 'dmd query "SELECT count(*) FROM demand"', 'dmd errors list']],
  ['up', ['dmd up', 'dmd up --port 8081 --archive s3://bucket/prefix']],
  ['status', ['dmd status', 'dmd status --watch']],
  ['worker', ['dmd worker --stream changes --archive s3://bucket/prefix']],
  ['deliver', ['dmd deliver changes.jsonl', 'dmd simulate --fans 1000 | dmd deliver -']],
  [
    'query',
    [
      'dmd query "SELECT eventid, count(*) AS n FROM demand_current GROUP BY eventid"',
      'dmd query -f report.sql -o report.parquet',
      'dmd query --saved top-events --param top=3 --json',
      'dmd query',
    ],
  ],
  ['errors', ['dmd errors list', 'dmd errors show 03544ac6']],
  ['errors list', ['dmd errors list', 'dmd errors list --since 24h --status new,regressed']],
  ['errors show', ['dmd errors show 03544ac6', 'dmd errors show 03544ac6 --json']],
  ['errors set', ['dmd errors set 03544ac6 acknowledged --note TICKET-7']],
  [
    'replay',
    [
      'dmd replay 03544ac6 --edit fix.json --dry-run',
      'dmd replay 03544ac6 --edit fix.json --yes',
      'dmd replay --code PUT_FAILED --since 2h',
    ],
  ],
  ['replay list', ['dmd replay list']],
  ['replay show', ['dmd replay show 20250213T183000000Z-1c9e']],
  ['schema', ['dmd schema list', 'dmd schema check refund.avsc']],
  ['schema list', ['dmd schema list', 'dmd schema list --schemas ./schemas']],
  ['schema show', ['dmd schema show demand']],
  ['schema ddl', ['dmd schema ddl demand --location s3://bucket/prefix']],
  ['schema check', ['dmd schema check refund.avsc', 'dmd schema check demand.avsc --against old.avsc']],
  ['schema types', ['dmd schema types']],
  ['schema docs', ['dmd schema docs']],
  [
    'simulate',
    ['dmd simulate --fans 1000 -o changes.jsonl', 'dmd simulate --to http://127.0.0.1:8080 --for 60s'],
  ],
  ['demo', ['dmd demo', 'dmd demo --fans 1000']],
  ['doctor', ['dmd doctor', 'dmd doctor --aws --name dmd']],
  ['deploy', ['dmd deploy --diff', 'dmd deploy --config dmd.deploy.json']],
  [
    'completion',
    ['source <(dmd completion bash)', 'dmd completion fish > ~/.config/fish/completions/dmd.fish'],
  ],
  ['help', ['dmd help query', 'dmd help errors show']],
])

/** The examples of a command. */
export function examplesOf(command: Command): readonly string[] {
  return examples.get(nameOf(command)) ?? []
}

/** The name of a command behind `dmd`: `errors show`. */
function nameOf(command: Command): string {
  if (!command.parent) return ''
  return `${nameOf(command.parent)} ${command.name()}`.trim()
}
