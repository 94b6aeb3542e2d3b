import { describe, expect, test } from 'vitest'
import { type Metrics, metricsEntry } from '../../src/delivery/telemetry.ts'
import { readRunbooks } from '../src/runbooks.ts'
import { ofType, type Properties, readable, synthesise } from './app.ts'

const options = { errorsIn5Minutes: 7, lagSeconds: 45, staleMinutes: 25 }
const timeoutSeconds = 50
const { pipeline } = readable(synthesise({ alarms: options, delivery: { timeoutSeconds } }))
const alarms = new Map(
  ofType(pipeline, 'AWS::CloudWatch::Alarm').map(([id, properties]) => [
    id.replace(/^Alarm/, ''),
    properties,
  ]),
)
const stream = '${Changes}'

const every: Required<Metrics> = {
  ...{ RecordsIn: 0, RecordsDelivered: 0, RecordsErrored: 0, ObjectsWritten: 0, BytesWritten: 0 },
  ...{ ExtraAttributes: 0, RepairedTexts: 0, DeliveryLagMs: 0 },
}
/** What the worker writes: by this CloudWatch knows its metrics, and by nothing else. */
const line = metricsEntry(stream, every, 0)
const { CloudWatchMetrics: declared } = line._aws as {
  CloudWatchMetrics: {
    Namespace: string
    Dimensions: string[][]
    Metrics: { Name: string; Unit: string }[]
  }[]
}

type Metric = {
  readonly Namespace: string
  readonly MetricName: string
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[]
}

/** A metric as the worker writes it. */
function own(name: keyof Metrics): Metric {
  const [one] = declared.filter(({ Metrics }) => Metrics.some(({ Name }) => Name === name))
  return {
    Namespace: one!.Namespace,
    MetricName: name,
    Dimensions: one!.Dimensions[0]!.map((Name) => ({ Name, Value: line[Name] })),
  }
}

/** How many of a metric's unit are a second. */
function perSecond(name: keyof Metrics): number {
  const unit = declared.flatMap(({ Metrics }) => Metrics).find(({ Name }) => Name === name)?.Unit
  return { Milliseconds: 1_000, Seconds: 1 }[unit ?? ''] ?? Number.NaN
}

function of(Namespace: string, dimension: string, value: string) {
  return (MetricName: string): Metric => ({
    ...{ Namespace, MetricName, Dimensions: [{ Name: dimension, Value: value }] },
  })
}
const ofFunction = of('AWS/Lambda', 'FunctionName', '${Worker}')
const ofMapping = of('AWS/Lambda', 'EventSourceMappingUUID', '${Mapping}')
const ofStream = of('AWS/Kinesis', 'StreamName', stream)

/** One metric, as an alarm asks for it. */
function watched(metric: Metric, Statistic: string, Period: number) {
  return { ...metric, Statistic, Period }
}

/** An expression over metrics by id, as an alarm asks for it. */
function expression(Expression: string, metrics: { readonly [id: string]: Metric } = {}, Period?: number) {
  const inputs = Object.entries(metrics).map(([Id, Metric]) => ({
    ...{ Id, MetricStat: { Metric, Period: options.staleMinutes * 60, Stat: 'Sum' }, ReturnData: false },
  }))
  const asked = { Id: expect.any(String), Label: expect.any(String), ReturnData: true }
  return { Metrics: [{ Expression, ...asked, ...(Period === undefined ? {} : { Period }) }, ...inputs] }
}

const replication = (aggregate: string, table = '${Table}') =>
  `SELECT ${aggregate} FROM "AWS/DynamoDB" WHERE TableName = '${table}'`
const lagMs = options.lagSeconds * 1_000
// What it makes of these two is judged below.
const silence = expression(expect.any(String), {
  ...{ incoming: ofStream('IncomingRecords'), taken: own('RecordsIn') },
})

/** Every alarm: what it watches, from how much on, in how many periods of how many, and its runbook. */
const table: readonly (readonly [
  id: string,
  metric: object,
  threshold: number,
  datapoints: string,
  runbook: string,
])[] = [
  [
    'ErrorSpike',
    watched(own('RecordsErrored'), 'Sum', 300),
    options.errorsIn5Minutes,
    '1 of 1',
    'error-spike',
  ],
  [
    'Lag',
    watched(own('DeliveryLagMs'), 'Maximum', 60),
    options.lagSeconds * perSecond('DeliveryLagMs'),
    '3 of 5',
    'lag',
  ],
  ['IteratorAge', watched(ofFunction('IteratorAge'), 'Maximum', 60), lagMs, '3 of 15', 'lag'],
  [
    'ReaderAge',
    watched(ofStream('GetRecords.IteratorAgeMilliseconds'), 'Maximum', 60),
    options.staleMinutes * 60_000,
    '3 of 5',
    'stale-delivery',
  ],
  ['Failures', watched(ofFunction('Errors'), 'Sum', 60), 1, '3 of 15', 'stale-delivery'],
  ['Throttles', watched(ofFunction('Throttles'), 'Sum', 60), 1, '3 of 5', 'lag'],
  ['Duration', watched(ofFunction('Duration'), 'Maximum', 60), timeoutSeconds * 1_000 * 0.8, '1 of 1', 'lag'],
  ['ReadThrottled', watched(ofStream('ReadProvisionedThroughputExceeded'), 'Sum', 60), 1, '5 of 5', 'lag'],
  [
    'GivenUp',
    watched(ofMapping('OnFailureDestinationDeliveredEventCount'), 'Sum', 60),
    1,
    '1 of 1',
    'given-up',
  ],
  ['Dropped', watched(ofMapping('DroppedEventCount'), 'Sum', 60), 1, '1 of 1', 'given-up'],
  ['NotKept', watched(ofFunction('DestinationDeliveryFailures'), 'Sum', 60), 1, '1 of 1', 'given-up'],
  ['Stale', silence, 1, '2 of 4', 'stale-delivery'],
  [
    'NotReplicated',
    expression(replication('SUM(FailedToReplicateRecordCount)'), {}, 300),
    1,
    '1 of 1',
    'skipped',
  ],
  [
    'ReplicationAge',
    expression(replication('MAX(AgeOfOldestUnreplicatedRecord)'), {}, 300),
    lagMs,
    '1 of 1',
    'lag',
  ],
]

describe('the alarms', () => {
  test('are those of the table', () => {
    expect([...alarms.keys()]).toEqual(table.map(([id]) => id))
  })

  test.each(table)('%s watches what its row says, and tells the topic both ways', (...row) => {
    const [id, metric, threshold, datapoints, runbook] = row
    const [breaching, periods] = datapoints.split(' of ').map(Number)
    // All of it: a member more, such as a unit that nobody writes, would silence it.
    expect(alarms.get(id)).toEqual({
      ...metric,
      AlarmName: `dmd-${id}`,
      AlarmDescription: expect.stringContaining(`What to do: "${runbook}" at https:`),
      ...{ AlarmActions: ['${Alerts}'], OKActions: ['${Alerts}'] },
      ...{ Threshold: threshold, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
      ...{ DatapointsToAlarm: breaching, EvaluationPeriods: periods, TreatMissingData: 'notBreaching' },
    })
  })

  test.each(table)('%s is in its runbook, by name', (id, _metric, _threshold, _datapoints, runbook) => {
    expect(readRunbooks().get(runbook)).toContain(`\`${id}\``)
  })

  test('of records that were given up have something to count: the mapping counts events', () => {
    expect(pipeline.Resources.Mapping?.Properties).toMatchObject({
      MetricsConfig: { Metrics: ['EventCount'] },
    })
  })

  test('of replication are of the table that was there before, where one is named', () => {
    const { pipeline: other } = readable(synthesise({ existingTable: 'orders.v2' }))
    expect(askedOf(other.Resources.AlarmNotReplicated?.Properties)).toBe(
      replication('SUM(FailedToReplicateRecordCount)', 'orders.v2'),
    )
    expect(askedOf(other.Resources.AlarmReplicationAge?.Properties)).toBe(
      replication('MAX(AgeOfOldestUnreplicatedRecord)', 'orders.v2'),
    )
  })
})

function askedOf(alarm: Properties | undefined): string {
  const metrics: readonly { Expression?: string }[] = alarm?.Metrics ?? []
  return metrics.flatMap(({ Expression }) => Expression ?? []).join()
}

describe('a silence', () => {
  const { Threshold }: { Threshold: number } = alarms.get('Stale') as never
  test.each([
    ['changes came and were taken', { incoming: 1, taken: 1 }, false],
    ['changes came and none was taken', { incoming: 1, taken: 0 }, true],
    ['changes came and nothing was said of any', { incoming: 1 }, true],
    ['nothing came', {}, false],
    ['nothing came, and it was said so', { incoming: 0, taken: 0 }, false],
    ['changes were taken that came before', { taken: 1 }, false],
  ])('is judged: %s', (_, metrics, isStale) => {
    expect(evaluate(askedOf(alarms.get('Stale')), metrics)! >= Threshold).toBe(isStale)
  })
})

/**
 * What a metric math expression comes to, of the few words that are used here; undefined where a value is missing.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
function evaluate(text: string, metrics: { readonly [id: string]: number }): number | undefined {
  const tokens = text.match(/\w+|[=!<>]=|[<>(),]|\S/g) ?? []
  const eat = (token: string) => {
    if (tokens[0] !== token) throw new Error(`${token} expected before ${tokens.join(' ')}`)
    tokens.shift()
  }
  const binary = (
    operand: () => number | undefined,
    operators: { readonly [token: string]: (a: number, b: number) => boolean },
  ) => {
    let left = operand()
    for (let apply = operators[tokens[0] ?? '']; apply; apply = operators[tokens[0] ?? '']) {
      tokens.shift()
      const right = operand()
      left = left === undefined || right === undefined ? undefined : Number(apply(left, right))
    }
    return left
  }
  const either = (): number | undefined => binary(both, { OR: (a, b) => a !== 0 || b !== 0 })
  const both = () => binary(compared, { AND: (a, b) => a !== 0 && b !== 0 })
  const compared = () =>
    binary(single, {
      ...{ '>': (a: number, b: number) => a > b, '>=': (a: number, b: number) => a >= b },
      ...{ '<': (a: number, b: number) => a < b, '<=': (a: number, b: number) => a <= b },
      ...{ '==': (a: number, b: number) => a === b, '!=': (a: number, b: number) => a !== b },
    })
  const single = (): number | undefined => {
    const word = tokens.shift() ?? ''
    if (/^\d+$/.test(word)) return Number(word)
    if (word !== 'IF' && word !== 'FILL') return metrics[word]
    const values: (number | undefined)[] = []
    eat('(')
    values.push(either())
    while (tokens[0] === ',') {
      eat(',')
      values.push(either())
    }
    eat(')')
    if (word === 'FILL') return values[0] ?? values[1]
    return values[0] === undefined ? undefined : values[0] !== 0 ? values[1] : values[2]
  }
  const value = either()
  if (tokens.length > 0) throw new Error(`not understood: ${tokens.join(' ')}`)
  return value
}

test('the dashboard shows the metrics that the worker writes, all of them, and those of what it stands on', () => {
  type Shown = readonly [namespace: string, name: string, ...more: (string | { stat: string })[]]
  const { DashboardBody }: { DashboardBody: string } = pipeline.Resources.Dashboard!.Properties as never
  const { widgets } = JSON.parse(DashboardBody) as {
    widgets: { properties: { title?: string; metrics?: Shown[] } }[]
  }
  const shown = widgets.flatMap(({ properties: { title, metrics } }) => (metrics ? [[title, metrics]] : []))
  const as = ({ Namespace, MetricName, Dimensions }: Metric, stat = 'Sum') => [
    ...[Namespace, MetricName, ...Dimensions.flatMap(({ Name, Value }) => [Name, Value])],
    expect.objectContaining({ stat }),
  ]
  expect(Object.fromEntries(shown)).toEqual({
    Records: [as(own('RecordsIn')), as(own('RecordsDelivered')), as(own('RecordsErrored'))],
    'Lag, ms': [as(own('DeliveryLagMs'), 'Maximum'), as(own('DeliveryLagMs'), 'p50')],
    'Files and bytes': [as(own('ObjectsWritten')), as(own('BytesWritten'))],
    Worker: [
      ...[as(ofFunction('Invocations')), as(ofFunction('Errors')), as(ofFunction('Throttles'))],
      as(ofFunction('Duration'), 'p99'),
    ],
    'What no schema models': [as(own('ExtraAttributes')), as(own('RepairedTexts'))],
    Stream: [as(ofStream('IncomingRecords')), as(ofStream('GetRecords.IteratorAgeMilliseconds'), 'Maximum')],
  })
  for (const { Name, Unit } of declared.flatMap(({ Metrics }) => Metrics)) {
    expect(DashboardBody).toContain(`"${Name}"`)
    expect(Unit, Name).toMatch(/^(Count|Bytes|Milliseconds)$/)
  }
})

test('the topic refuses what comes without TLS, from anybody', () => {
  const { PolicyDocument, Topics }: { PolicyDocument: { Statement: object[] }; Topics: string[] } = pipeline
    .Resources.AlertsPolicy!.Properties as never
  expect(Topics).toEqual(['${Alerts}'])
  expect(PolicyDocument.Statement).toContainEqual({
    Sid: expect.any(String),
    ...{ Effect: 'Deny', Principal: '*', Action: 'sns:Publish', Resource: '${Alerts}' },
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  })
})
