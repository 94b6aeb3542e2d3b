import { Duration, Stack } from 'aws-cdk-lib'
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { CfnEventSourceMapping, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import type { Config } from './config.ts'
import { ofOurAlarms } from './key.ts'
import { readRunbooks } from './runbooks.ts'

export type OperationsParts = {
  readonly config: Config
  readonly worker: LambdaFunction
  readonly mapping: CfnEventSourceMapping
  readonly stream: IStream
  readonly tableName: string
  readonly key: IKey
}

type Watched = {
  readonly id: string
  readonly runbook: string
  readonly text: string
  readonly metric: IMetric
  readonly threshold: number
  /** So many periods above the threshold, of so many: what comes seldom need not come in a row. */
  readonly of?: readonly [breaching: number, periods: number]
}

const namespace = 'dmd-pipeline'

/** Alarms to a topic, each with its runbook, and a dashboard of what they watch. */
export function createOperations(
  scope: Construct,
  { config, worker, mapping, stream, tableName, key }: OperationsParts,
): Topic {
  const topic = new Topic(scope, 'Alerts', {
    topicName: `${config.name}-alerts`,
    masterKey: key,
    enforceSSL: true,
  })
  // A topic with a policy has none but it: without this no alarm would arrive, and nothing would tell.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'Alarms',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: ofOurAlarms(Stack.of(scope), config),
    }),
  )
  if (config.alarms.email !== undefined) topic.addSubscription(new EmailSubscription(config.alarms.email))
  const minute = Duration.minutes(1)
  const own = (metricName: string, statistic: string = Stats.SUM, period = minute) =>
    new Metric({ namespace, metricName, statistic, period, dimensionsMap: { stream: stream.streamName } })
  const kinesis = (metricName: string, statistic: string) =>
    new Metric({
      namespace: 'AWS/Kinesis',
      metricName,
      statistic,
      period: minute,
      dimensionsMap: { StreamName: stream.streamName },
    })
  // Asked for by table alone: the name of the other dimension's value is in no documentation. DynamoDB counts these every five
  // minutes, so that shorter periods would be empty most of the time.
  const table = (metricName: string, statistic: 'MAX' | 'SUM') =>
    new MathExpression({
      expression: `SELECT ${statistic}(${metricName}) FROM "AWS/DynamoDB" WHERE TableName = '${tableName}'`,
      label: metricName,
      period: Duration.minutes(5),
    })
  const given = (metricName: string) =>
    new Metric({
      namespace: 'AWS/Lambda',
      metricName,
      statistic: Stats.SUM,
      period: minute,
      dimensionsMap: { EventSourceMappingUUID: mapping.ref },
    })
  const lagMs = config.alarms.lagSeconds * 1_000
  const watched: readonly Watched[] = [
    {
      id: 'ErrorSpike',
      runbook: 'error-spike',
      text: 'many records fail',
      metric: own('RecordsErrored', Stats.SUM, Duration.minutes(5)),
      threshold: config.alarms.errorsIn5Minutes,
    },
    {
      id: 'Lag',
      runbook: 'lag',
      text: 'changes are archived late',
      metric: own('DeliveryLagMs', Stats.MAXIMUM),
      threshold: lagMs,
      of: [3, 5],
    },
    {
      id: 'IteratorAge',
      runbook: 'lag',
      text: 'the worker falls behind',
      metric: worker.metric('IteratorAge', { statistic: Stats.MAXIMUM, period: minute }),
      threshold: lagMs,
      of: [3, 15],
    },
    {
      id: 'ReaderAge',
      runbook: 'stale-delivery',
      text: 'what is read of the stream is old',
      metric: kinesis('GetRecords.IteratorAgeMilliseconds', Stats.MAXIMUM),
      threshold: config.alarms.staleMinutes * 60_000,
      of: [3, 5],
    },
    {
      id: 'Failures',
      runbook: 'stale-delivery',
      text: 'calls of the worker fail',
      metric: worker.metricErrors({ period: minute }),
      threshold: 1,
      // A batch that fails again and again is tried more and more seldom.
      of: [3, 15],
    },
    {
      id: 'Throttles',
      runbook: 'lag',
      text: 'the worker is throttled',
      metric: worker.metricThrottles({ period: minute }),
      threshold: 1,
      of: [3, 5],
    },
    {
      id: 'Duration',
      runbook: 'lag',
      text: 'a batch takes nearly all of its time',
      metric: worker.metricDuration({ statistic: Stats.MAXIMUM, period: minute }),
      threshold: config.delivery.timeoutSeconds * 800,
    },
    {
      id: 'ReadThrottled',
      runbook: 'lag',
      text: 'reads of the stream are throttled',
      metric: kinesis('ReadProvisionedThroughputExceeded', Stats.SUM),
      threshold: 1,
      of: [5, 5],
    },
    {
      id: 'GivenUp',
      runbook: 'given-up',
      text: 'records were given up, and lie below aws/lambda/',
      metric: given('OnFailureDestinationDeliveredEventCount'),
      threshold: 1,
    },
    {
      id: 'Dropped',
      runbook: 'given-up',
      text: 'records were given up, and are in the stream alone',
      metric: given('DroppedEventCount'),
      threshold: 1,
    },
    {
      id: 'NotKept',
      runbook: 'given-up',
      text: 'a batch that was given up could not be kept',
      metric: worker.metric('DestinationDeliveryFailures', { statistic: Stats.SUM, period: minute }),
      threshold: 1,
    },
    {
      id: 'Stale',
      runbook: 'stale-delivery',
      text: 'changes come, and none is delivered',
      // A change and its delivery may fall into two periods; that happens once, and an outage again.
      metric: new MathExpression({
        expression: 'IF(FILL(incoming, 0) > 0 AND FILL(taken, 0) == 0, 1, 0)',
        usingMetrics: { incoming: kinesis('IncomingRecords', Stats.SUM), taken: own('RecordsIn') },
        label: 'periods without a delivery',
        period: Duration.minutes(config.alarms.staleMinutes),
      }),
      threshold: 1,
      of: [2, 4],
    },
    {
      id: 'NotReplicated',
      runbook: 'skipped',
      text: 'DynamoDB skipped a change',
      metric: table('FailedToReplicateRecordCount', 'SUM'),
      threshold: 1,
    },
    {
      id: 'ReplicationAge',
      runbook: 'lag',
      text: 'DynamoDB sends its changes late',
      metric: table('AgeOfOldestUnreplicatedRecord', 'MAX'),
      threshold: lagMs,
    },
  ]
  const runbooks = readRunbooks()
  for (const { id, runbook, text, metric, threshold, of: [breaching, periods] = [1, 1] } of watched) {
    const alarm = new Alarm(scope, `Alarm${id}`, {
      alarmName: `${config.name}-${id}`,
      alarmDescription: `dmd-pipeline: ${text}. What to do: ${linkTo(scope, config, runbook)}`,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      datapointsToAlarm: breaching,
      // An idle stream is not broken; Stale judges the silence of one that is not idle.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
    alarm.addAlarmAction(new SnsAction(topic))
    alarm.addOkAction(new SnsAction(topic))
  }
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12, height: 6 })
  new Dashboard(scope, 'Dashboard', {
    dashboardName: config.name,
    widgets: [
      [
        graph('Records', [own('RecordsIn'), own('RecordsDelivered'), own('RecordsErrored')]),
        graph('Lag, ms', [own('DeliveryLagMs', Stats.MAXIMUM), own('DeliveryLagMs', Stats.percentile(50))]),
      ],
      [
        graph('Files and bytes', [own('ObjectsWritten'), own('BytesWritten')]),
        graph('Worker', [
          worker.metricInvocations(),
          worker.metricErrors(),
          worker.metricThrottles(),
          worker.metricDuration({ statistic: Stats.percentile(99) }),
        ]),
      ],
      [
        graph('What no schema models', [own('ExtraAttributes'), own('RepairedTexts')]),
        graph('Stream', [
          kinesis('IncomingRecords', Stats.SUM),
          kinesis('GetRecords.IteratorAgeMilliseconds', Stats.MAXIMUM),
        ]),
      ],
      ...[...runbooks.values()].map((markdown) => [new TextWidget({ markdown, width: 24, height: 9 })]),
    ],
  })
  return topic
}

/** Where a runbook is: at the place that the configuration names, else on the dashboard. */
function linkTo(scope: Construct, config: Config, runbook: string): string {
  if (config.alarms.runbooks !== undefined) return `${config.alarms.runbooks}#${runbook}`
  const { region } = Stack.of(scope)
  const console = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}`
  return `"${runbook}" at ${console}#dashboards/dashboard/${config.name}`
}
