import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { AccountRootPrincipal, PolicyDocument, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { type IKey, Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import type { Config } from './config.ts'
import { workerLogName } from './delivery.ts'

/** All that can be done with a key; the account's own policies say who may do which of them. */
const keyActions = [
  ...['CancelKeyDeletion', 'CreateAlias', 'CreateGrant', 'Decrypt', 'DeleteAlias', 'DescribeKey'],
  ...['DisableKey', 'DisableKeyRotation', 'EnableKey', 'EnableKeyRotation', 'Encrypt', 'GenerateDataKey'],
  ...['GenerateDataKeyWithoutPlaintext', 'GetKeyPolicy', 'GetKeyRotationStatus', 'ListGrants'],
  ...['ListKeyPolicies', 'ListKeyRotations', 'ListResourceTags', 'PutKeyPolicy', 'ReEncryptFrom'],
  ...['ReEncryptTo', 'RetireGrant', 'RevokeGrant', 'RotateKeyOnDemand', 'ScheduleKeyDeletion'],
  ...['TagResource', 'UntagResource', 'UpdateAlias', 'UpdateKeyDescription'],
].map((action) => `kms:${action}`)

/**
 * The key of everything: the one that is named, or a new one that two services may use besides the account. A key that is
 * named keeps its policy: `docs/deploy.md` says what it must allow.
 */
export function createKey(scope: Construct, config: Config): IKey {
  if (config.existingKey !== undefined) return Key.fromKeyArn(scope, 'Key', config.existingKey)
  return new Key(scope, 'Key', {
    alias: `alias/${config.name}`,
    description: 'Everything of dmd-pipeline',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    policy: new PolicyDocument({ statements: keyStatements(Stack.of(scope), config) }),
  })
}

/** What CloudWatch does for alarms of this deployment, and for nobody else's. */
export function ofOurAlarms(stack: Stack, { name }: Config) {
  const alarms = stack.formatArn({
    service: 'cloudwatch',
    resource: 'alarm',
    resourceName: `${name}-*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
  return { StringEquals: { 'aws:SourceAccount': stack.account }, ArnLike: { 'aws:SourceArn': alarms } }
}

// In a key's policy `*` is that key and no other.
const thisKey = ['*']

function keyStatements(stack: Stack, config: Config): PolicyStatement[] {
  const logs = stack.formatArn({
    service: 'logs',
    resource: `log-group:${workerLogName(config)}`,
  })
  return [
    new PolicyStatement({
      sid: 'Account',
      principals: [new AccountRootPrincipal()],
      actions: keyActions,
      resources: thisKey,
    }),
    new PolicyStatement({
      sid: 'WorkerLog',
      principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
      actions: [
        ...['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
        ...['kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
      ],
      resources: thisKey,
      conditions: { ArnEquals: { 'kms:EncryptionContext:aws:logs:arn': logs } },
    }),
    // Alarms publish to an encrypted topic only when CloudWatch may use its key: the account's statement is not about services.
    new PolicyStatement({
      sid: 'Alarms',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: thisKey,
      conditions: ofOurAlarms(stack, config),
    }),
  ]
}
