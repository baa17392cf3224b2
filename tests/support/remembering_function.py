"""A Lambda function that appends each event it gets, as a line of JSON, to the file that its variable SEEN names."""

from __future__ import annotations

KEEP = """
import json, os
def handler(event, context):
    with open(os.environ["SEEN"], "a") as file:
        file.write(json.dumps(event) + "\\n")
"""
