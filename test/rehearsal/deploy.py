"""Deploys what `cdk synth` wrote to an emulator, as `cdk deploy` does to an account: assets, then stacks in their order.

    deploy.py FOLDER ENDPOINT REGION     prints the outputs of all stacks as JSON
"""

import io
import json
import sys
import zipfile
from pathlib import Path

from cloud import Cloud, account

folder, cloud = Path(sys.argv[1]), Cloud(*sys.argv[2:4])


def fill(text):
    """The names of an environment that is not told when the app is synthesised."""
    values = {"AWS::AccountId": account, "AWS::Region": cloud.region, "AWS::Partition": "aws"}
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
            cloud.put(fill(destination["bucketName"]), fill(destination["objectKey"]), body)


artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"]
stacks = {name: a for name, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}
cloud.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="21", Type="String", Overwrite=True)
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
        capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        outputs[stack] = cloud.create(stack, template, properties.get("parameters", {}), capabilities)
        done.append(name)
print(json.dumps(outputs))
