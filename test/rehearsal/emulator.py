"""MiniStack, an emulator of AWS, whose tables send their changes to Kinesis in the form in which DynamoDB does.

Its own records are those of DynamoDB Streams: seconds without a precision, and no table name.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

import time

from ministack.app import main
from ministack.services import dynamodb

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
main()
