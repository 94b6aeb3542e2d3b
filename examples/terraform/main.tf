# dmd-pipeline by Terraform: the released templates, deployed as they are.
#
#   npm run release                     # writes ../../release
#   terraform -chdir=examples/terraform init
#   terraform -chdir=examples/terraform apply
#
# The templates' options are those of docs/deploy.md, taken when they are made. Destroying it keeps the data: see
# docs/deploy.md, "Take it down".

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "release" {
  description = "The folder that npm run release wrote."
  type        = string
  default     = "../../release"
}

variable "artifacts_bucket" {
  description = "The bucket for the templates and the zip, in the region of the deployment."
  type        = string
}

# A new zip or template has a new key, so that CloudFormation sees that it changed.
locals {
  files = {
    data     = "dmd-data.template.json"
    pipeline = "dmd-pipeline.template.json"
    worker   = "delivery-worker.zip"
  }
}

resource "aws_s3_object" "release" {
  for_each = local.files

  bucket = var.artifacts_bucket
  key    = "dmd-pipeline/${filesha256("${var.release}/${each.value}")}/${each.value}"
  source = "${var.release}/${each.value}"
}

data "aws_s3_bucket" "artifacts" {
  bucket = var.artifacts_bucket
}

# What is kept: table, stream, archive, catalog, key.
resource "aws_cloudformation_stack" "data" {
  name         = "dmd-data"
  template_url = "https://${data.aws_s3_bucket.artifacts.bucket_regional_domain_name}/${aws_s3_object.release["data"].key}"
  capabilities = ["CAPABILITY_NAMED_IAM"]

  lifecycle {
    prevent_destroy = true
  }
}

# What runs: worker, workgroup, roles, alarms.
resource "aws_cloudformation_stack" "pipeline" {
  name         = "dmd-pipeline"
  template_url = "https://${data.aws_s3_bucket.artifacts.bucket_regional_domain_name}/${aws_s3_object.release["pipeline"].key}"
  capabilities = ["CAPABILITY_NAMED_IAM"]
  depends_on   = [aws_cloudformation_stack.data]

  parameters = {
    WorkerBucket = var.artifacts_bucket
    WorkerKey    = aws_s3_object.release["worker"].key
  }
}

output "archive" {
  value = aws_cloudformation_stack.data.outputs["ArchiveUrl"]
}

output "table" {
  value = aws_cloudformation_stack.data.outputs["TableName"]
}
