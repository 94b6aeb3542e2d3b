"""Deploys what `cdk synth` wrote to an emulator, as `cdk deploy` does to an account: assets, then stacks in their order.

    deploy.py FOLDER ENDPOINT      prints the outputs of all stacks as JSON
"""

import io
import json
import sys
import time
import zipfile
from pathlib import Path

import botocore.session

folder, endpoint = Path(sys.argv[1]), sys.argv[2]
region, account = "us-east-1", "000000000000"
session = botocore.session.get_session()


def client(name):
    return session.create_client(
        name, region_name=region, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test"
    )


s3, cloudformation, ssm = client("s3"), client("cloudformation"), client("ssm")


def fill(text):
    """The names of an environment that is not told when the app is synthesised."""
    values = {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": "aws"}
    for name, value in values.items():
        text = text.replace("${" + name + "}", value)
    return text


def zipped(path):
    if path.is_file():
        return path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(path))
    return buffer.getvalue()


def publish(assets):
    for asset in json.loads(assets.read_text())["files"].values():
        path = folder / asset["source"]["path"]
        body = zipped(path) if asset["source"]["packaging"] == "zip" else path.read_bytes()
        for destination in asset["destinations"].values():
            bucket = fill(destination["bucketName"])
            try:
                s3.head_bucket(Bucket=bucket)
            except Exception:
                s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key=fill(destination["objectKey"]), Body=body)


def unknown(resource):
    """What the emulator does not know, in a word; nothing else of the templates depends on it."""
    if resource["Type"] == "AWS::Athena::NamedQuery":
        return "named query"
    if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
        return "alarm on several metrics"
    return None


def without(template):
    template = json.loads(template)
    resources = template["Resources"]
    left_out = {name: unknown(resource) for name, resource in resources.items() if unknown(resource)}
    for word in sorted(set(left_out.values())):
        count = list(left_out.values()).count(word)
        print(f"left out, unknown to the emulator: {count} × {word}", file=sys.stderr)
    template["Resources"] = {name: resource for name, resource in resources.items() if name not in left_out}
    return template


def create(name, template, parameters):
    # More than a call may carry: by way of a bucket, as the tool does it.
    bucket = "rehearsal-templates"
    try:
        s3.head_bucket(Bucket=bucket)
    except Exception:
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=f"{name}.json", Body=json.dumps(without(template)).encode())
    cloudformation.create_stack(
        StackName=name,
        TemplateURL=f"{endpoint}/{bucket}/{name}.json",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    for _ in range(240):
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if "IN_PROGRESS" not in stack["StackStatus"]:
            break
        time.sleep(0.5)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in events if "FAILED" in event["ResourceStatus"]]
        reasons = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in failed]
        raise SystemExit(f"{name} is {stack['StackStatus']}: {'; '.join(reasons)}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def stream_changes(name):
    """MiniStack leaves out a table's KinesisStreamSpecification; the stream has to be connected by a call."""
    dynamodb, template = client("dynamodb"), json.loads((folder / f"{name}.template.json").read_text())
    if not any("KinesisStreamSpecification" in r.get("Properties", {}) for r in template["Resources"].values()):
        return
    kinesis = client("kinesis")
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    ids = {resource["ResourceType"]: resource["PhysicalResourceId"] for resource in resources}
    stream = kinesis.describe_stream(StreamName=ids["AWS::Kinesis::Stream"])["StreamDescription"]["StreamARN"]
    dynamodb.enable_kinesis_streaming_destination(TableName=ids["AWS::DynamoDB::Table"], StreamArn=stream)
    time.sleep(1)


artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"]
stacks = {name: a for name, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}
ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="21", Type="String", Overwrite=True)
done, outputs = [], {}
while len(done) < len(stacks):
    ready = [
        name
        for name, artifact in stacks.items()
        if name not in done and all(d in done for d in artifact.get("dependencies", []) if d in stacks)
    ]
    for name in ready:
        assets = folder / f"{name}.assets.json"
        if assets.exists():
            publish(assets)
        properties = stacks[name]["properties"]
        template = (folder / properties["templateFile"]).read_text()
        stack = properties.get("stackName", name)
        outputs[stack] = create(stack, template, properties.get("parameters", {}))
        stream_changes(stack)
        done.append(name)
print(json.dumps(outputs))
