"""Deletes a stack in the emulator.

    takedown.py STACK ENDPOINT REGION     prints {}
"""

import sys

from cloud import Cloud

stack, endpoint, region = sys.argv[1:4]
Cloud(endpoint, region).delete(stack)
print("{}")
