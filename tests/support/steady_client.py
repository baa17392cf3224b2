"""A client of an endpoint in a process of its own: invokes it without a pause until it is told to end.

``python steady_client.py <url> <endpoint> <stop file>``. The last line that it writes is JSON: how many answers each
version gave, and what failed.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

THREADS = 3


def invoke_until(stop: Path, client: Any, endpoint: str, answered: Counter[str], failed: list[str]) -> None:
    number = 0
    while not stop.exists():
        number += 1
        try:
            answer = client.invoke_endpoint(
                EndpointName=endpoint,
                ContentType="application/json",
                InferenceId=f"{threading.get_ident()}-{number}",
                Body=b"{}",
            )
            answered[json.loads(answer["Body"].read())["version"]] += 1
        except Exception as error:  # each is a client's failed request
            failed.append(repr(error)[:300])


def main() -> None:
    url, endpoint, stop = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    client = boto3.client(
        "sagemaker-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30, inject_host_prefix=False),
    )
    counts = [Counter[str]() for _ in range(THREADS)]
    failed: list[str] = []
    threads = [threading.Thread(target=invoke_until, args=(stop, client, endpoint, each, failed)) for each in counts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"answered": sum(counts, Counter()), "failed": failed}), flush=True)


if __name__ == "__main__":
    main()
