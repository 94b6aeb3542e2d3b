"""Decodes Avro containers with fastavro and prints, per file, one JSON line with its rows in a neutral form.

Integers and instants become text, so that none loses digits; doubles their eight bytes in hexadecimal; bytes
hexadecimal; maps and records lists of sorted pairs.
"""
import datetime
import json
import struct
import sys

import fastavro

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def neutral(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"integer": str(value)}
    if isinstance(value, float):
        return {"double": struct.pack(">d", value).hex()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime.datetime):
        return {"integer": str((value - EPOCH) // datetime.timedelta(milliseconds=1))}
    if isinstance(value, datetime.date):
        return {"integer": str((value - EPOCH.date()).days)}
    if isinstance(value, list):
        return [neutral(item) for item in value]
    return {"pairs": [[name, neutral(value[name])] for name in sorted(value, key=lambda n: n.encode("utf-16-be"))]}


for path in sys.stdin.read().split("\n"):
    if path:
        with open(path, "rb") as file:
            rows = [neutral(row) for row in fastavro.reader(file)]
        sys.stdout.write(json.dumps(rows) + "\n")
