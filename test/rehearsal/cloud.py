"""The emulator as a place in which CloudFormation deploys."""

import time

import botocore.session

class Cloud:
    """A region of the emulator, empty at first."""

    def __init__(self, endpoint, region):
        self.endpoint, self.region = endpoint, region
        self.session = botocore.session.get_session()

    def client(self, name):
        return self.session.create_client(
            name,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def put(self, bucket, key, body):
        s3 = self.client("s3")
        try:
            s3.head_bucket(Bucket=bucket)
        except Exception:
            where = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            s3.create_bucket(Bucket=bucket, **({} if self.region == "us-east-1" else where))
        s3.put_object(Bucket=bucket, Key=key, Body=body)

    def create(self, name, template, parameters, capabilities):
        """Creates a stack unless it is there, and gives its outputs. The template is a text."""
        # More than a call may carry: by way of a bucket, as tools do it.
        bucket = f"rehearsal-templates-{self.region}"
        self.put(bucket, f"{name}.json", template.encode())
        cloudformation = self.client("cloudformation")
        found = self.find(name)
        if found:
            return outputs_of(found)
        cloudformation.create_stack(
            StackName=name,
            TemplateURL=f"{self.endpoint}/{bucket}/{name}.json",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=capabilities,
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
        return outputs_of(stack)

    def find(self, name):
        """A stack that is there."""
        try:
            stack = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except Exception:
            return None
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def delete(self, name):
        self.client("cloudformation").delete_stack(StackName=name)
        for _ in range(120):
            if not self.find(name):
                return
            time.sleep(0.5)
        raise SystemExit(f"{name} is not deleted")


def outputs_of(stack):
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
