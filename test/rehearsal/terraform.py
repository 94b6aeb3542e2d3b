"""Does with an emulator what Terraform does with an account for examples/terraform: its files, then its stacks.

    terraform.py EXAMPLE ENDPOINT REGION     prints the outputs of all stacks as JSON

Of Terraform's language it knows what the example uses; what it does not know ends it.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

import hcl2

from cloud import Cloud

example, cloud = Path(sys.argv[1]), Cloud(*sys.argv[2:4])
artifacts = f"release-{cloud.region}"
with (example / "main.tf").open() as file:
    parsed = hcl2.load(file)


def bare(value):
    return value[1:-1] if isinstance(value, str) and value.startswith('"') else value


def blocks(kind, type):
    """Name and body of each block of a type."""
    found = [block for block in parsed[kind] if f'"{type}"' in block]
    return {bare(name): body for block in found for name, body in block[f'"{type}"'].items()}


variables = {bare(name): bare(body.get("default", "")) for block in parsed["variable"] for name, body in block.items()}
known = {f"var.{name}": value for name, value in variables.items()}
known["var.artifacts_bucket"] = artifacts


def resolve(text):
    """The value of a text: first what needs nothing else, then what was made of that."""
    value = bare(text)
    for _ in range(5):
        for expression, found in known.items():
            value = value.replace("${" + expression + "}", found)
        value = re.sub(
            r'\$\{filesha256\("([^"$]*)"\)\}',
            lambda match: hashlib.sha256((example / match[1]).read_bytes()).hexdigest(),
            value,
        )
    if "${" in value:
        raise SystemExit(f"not known here: {value}")
    return value


files = {name: bare(value) for name, value in parsed["locals"][0]["files"].items() if name != "__is_block__"}
objects = blocks("resource", "aws_s3_object")["release"]
if objects["for_each"] != "${local.files}":
    raise SystemExit(f"not known here: {objects['for_each']}")
sources = {}
for name, value in files.items():
    known["each.value"] = value
    source, key = resolve(objects["source"]), resolve(objects["key"])
    cloud.put(resolve(objects["bucket"]), key, (example / source).read_bytes())
    known[f'aws_s3_object.release["{name}"].key'] = key
    sources[key] = example / source
del known["each.value"]
known["data.aws_s3_bucket.artifacts.bucket_regional_domain_name"] = artifacts

outputs, waiting = {}, blocks("resource", "aws_cloudformation_stack")
while waiting:
    needs = {name: [re.sub(r".*\.|\}", "", n) for n in body.get("depends_on", [])] for name, body in waiting.items()}
    name = next(name for name, names in needs.items() if not set(names) & set(waiting))
    body = waiting.pop(name)
    stack, key = resolve(body["name"]), resolve(body["template_url"]).removeprefix(f"https://{artifacts}/")
    parameters = {
        name: resolve(value) for name, value in body.get("parameters", {}).items() if name != "__is_block__"
    }
    capabilities = [bare(value) for value in body["capabilities"]]
    outputs[stack] = cloud.create(stack, sources[key].read_text(), parameters, capabilities)

for block in parsed["output"]:
    for name, body in block.items():
        _, stack, output = re.fullmatch(r'\$\{(aws_cloudformation_stack)\.(\w+)\.outputs\["(\w+)"\]\}', body["value"]).groups()
        if output not in outputs[f"dmd-{stack}"]:
            raise SystemExit(f"{name}: the stack {stack} has no output {output}")
print(json.dumps(outputs))
