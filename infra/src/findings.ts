import type { App } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'

export type Explained = { readonly path: RegExp; readonly rule: RegExp; readonly reason: string }

/** What cdk-nag finds and is meant to be so, each with its reason. Any other finding ends the synthesis. */
export const explained: readonly Explained[] = [
  {
    path: /\/Changes\/Resource$/,
    rule: /^AwsSolutions-KDS3$/,
    reason: 'One key of its own for all of it lets an account audit and revoke reading as a whole.',
  },
  {
    path: /\/(WorkerRole|Analyst|Operations|Maintenance)\/DefaultPolicy\/Resource$/,
    // The new bucket, by its stack or from the other, or one that was there, whatever its name is.
    rule: /^AwsSolutions-IAM5\[Resource::(<Archive\w+\.Arn>|[\w-]+:ExportsOutputFnGetAttArchive\w+|arn:<AWS::Partition>:s3:::[\w.-]+)(\/[\w.-]+)*\/(data|errors|failed|triage|replays|aws\/lambda)\/\*\]$/,
    reason: 'Object keys hold dates and digests, so they can be named by their folder only.',
  },
  {
    path: /\/Analyst\/DefaultPolicy\/Resource$/,
    rule: /^AwsSolutions-IAM5\[Resource::.*Results.*\/\*\]$/,
    reason: 'Athena names the results of a query by its id.',
  },
  {
    path: /\/Analyst\/DefaultPolicy\/Resource$/,
    rule: /^AwsSolutions-IAM5\[Resource::.*:glue:.*:table\/\w+\/\*\]$/,
    reason: 'The tables and views of the one database: views are made later, by name.',
  },
  {
    path: /\/WorkerRole\/DefaultPolicy\/Resource$/,
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    reason: 'Only in a VPC: network interfaces are made by Lambda, and IAM knows no resource for them.',
  },
]

export type Finding = { readonly rule: string; readonly path: string; readonly description: string }

/** What cdk-nag finds in a synthesised app that nobody has explained. */
export function unexplained(app: App): readonly Finding[] {
  return findings(app).filter(
    ({ rule, path }) => !explained.some((one) => one.path.test(path) && one.rule.test(rule)),
  )
}

/** All that cdk-nag finds. */
export function findings(app: App): readonly Finding[] {
  const { violations } = new AwsSolutionsChecks(app).validateScope(app)
  return violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map((resource) => ({
      rule: ruleName,
      description,
      // Found in the tree of constructs, a resource has its path, which the library's type does not tell.
      path:
        (resource as { readonly constructPath?: string }).constructPath ?? resource.resourceLogicalId ?? '',
    })),
  )
}
