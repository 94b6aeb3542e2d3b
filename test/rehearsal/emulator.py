"""MiniStack, an emulator of AWS, with what it lacks and the deployment needs.

- Its tables send their changes to Kinesis in the form in which DynamoDB does. Its own records are those of DynamoDB Streams:
  seconds without a precision, and no table name. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
- A table of a template is connected to the stream that the template says.
- A template may have named queries, which are kept, and alarms on several metrics, which are kept by name alone.
- CREATE VIEW puts the view into the catalog, as Athena does; nothing of it is run.
"""

import json
import re
import time

from ministack.app import main
from ministack.services import athena, dynamodb, glue
from ministack.services.cloudformation import provisioners

send = dynamodb._fan_out_to_kinesis


def send_as_dynamodb(table_name, record):
    section = record["dynamodb"]
    images = {name: section[name] for name in ("Keys", "NewImage", "OldImage") if name in section}
    send(
        table_name,
        {
            "awsRegion": record["awsRegion"],
            "eventID": record["eventID"],
            "eventName": record["eventName"],
            "userIdentity": record.get("userIdentity"),
            "recordFormat": "application/json",
            "tableName": table_name,
            "dynamodb": {
                "ApproximateCreationDateTime": time.time_ns() // 1000,
                "ApproximateCreationDateTimePrecision": "MICROSECOND",
                **images,
                "SizeBytes": section.get("SizeBytes", 0),
            },
            "eventSource": "aws:dynamodb",
        },
    )


dynamodb._fan_out_to_kinesis = send_as_dynamodb

handlers = provisioners._RESOURCE_HANDLERS
create_table = handlers["AWS::DynamoDB::Table"]["create"]


def called(call, data):
    status, _, body = call(data)
    if status >= 400:
        raise ValueError(body)
    return json.loads(body or b"{}")


def create_connected_table(logical_id, properties, stack):
    physical_id, attributes = create_table(logical_id, properties, stack)
    specification = properties.get("KinesisStreamSpecification")
    if specification:
        precision = specification["ApproximateCreationDateTimePrecision"]
        called(
            dynamodb._enable_kinesis_streaming_destination,
            {
                "TableName": physical_id,
                "StreamArn": specification["StreamArn"],
                "EnableKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": precision},
            },
        )
    return physical_id, attributes


def create_named_query(logical_id, properties, stack):
    return called(athena._create_named_query, properties)["NamedQueryId"], {}


def delete_named_query(physical_id, properties):
    athena._delete_named_query({"NamedQueryId": physical_id})


record_alarm = provisioners._cw_metric_alarm_record


def record_any_alarm(name, properties):
    if not properties.get("Metrics"):
        return record_alarm(name, properties)
    rest = {key: value for key, value in properties.items() if key != "Metrics"}
    return record_alarm(name, {**rest, "MetricName": "expression", "Namespace": "rehearsal"})


handlers["AWS::DynamoDB::Table"]["create"] = create_connected_table
handlers["AWS::Athena::NamedQuery"] = {"create": create_named_query, "delete": delete_named_query}
provisioners._cw_metric_alarm_record = record_any_alarm

execute_query = athena._execute_query


async def execute_and_keep_view(query_id, query, database, *rest):
    await execute_query(query_id, query, database, *rest)
    view = re.match(r'CREATE OR REPLACE VIEW "(\w+)" AS ', query)
    if view and athena._executions[query_id]["Status"]["State"] == "SUCCEEDED":
        table = {"Name": view[1], "TableType": "VIRTUAL_VIEW"}
        glue._create_table({"DatabaseName": database, "TableInput": table})


athena._execute_query = execute_and_keep_view
main()
