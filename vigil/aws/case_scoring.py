"""Cases through the endpoint, batch by batch, and their ground truth into the bucket."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vigil.aws import monitoring_places
from vigil.aws.environment import StackParameters
from vigil.aws.objects import put_new_bytes
from vigil.digests import sha256_hex
from vigil.scoring.batches import Batch

JSON_TYPE = "application/json"
NAME_DIGITS = 16


@dataclass
class Scored:
    """What became of the batches. ``errors``: by the service's own code, or the class of the error."""

    batches: int = 0
    cases: int = 0
    failed_cases: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    bands: Counter[str] = field(default_factory=Counter)
    models: set[str] = field(default_factory=set)
    seconds: float = 0.0


def score(
    batches: Iterable[Batch],
    endpoint: str,
    runtime: Any,
    progress: Callable[[Batch], None] = lambda _batch: None,
    interval: float = 0.0,
) -> Scored:
    """``runtime``: a boto3 ``sagemaker-runtime`` client. Each batch is one request; one that fails is counted.

    ``interval``: seconds from the start of one request to that of the next, at least.
    """
    done, began = Scored(), float("-inf")
    for batch in batches:
        time.sleep(max(0.0, began + interval - time.monotonic()))
        began = time.monotonic()
        _score_one(batch, endpoint, runtime, done)
        done.seconds += time.monotonic() - began
        progress(batch)
    return done


def _score_one(batch: Batch, endpoint: str, runtime: Any, done: Scored) -> None:
    body = json.dumps({"cases": [report.model_dump(mode="json") for report in batch.reports]})
    done.batches += 1
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint,
            ContentType=JSON_TYPE,
            Accept=JSON_TYPE,
            InferenceId=batch.inference_id,
            Body=body,
        )
        document = json.loads(answer["Body"].read())
        bands = Counter(str(result["band"]) for result in document["results"])
    except ClientError as error:
        done.errors[error.response["Error"]["Code"]] += 1
        done.failed_cases += len(batch.reports)
    except (BotoCoreError, OSError, ValueError, KeyError, TypeError) as error:
        done.errors[type(error).__name__] += 1
        done.failed_cases += len(batch.reports)
    else:
        done.cases += len(batch.reports)
        done.bands += bands
        done.models.add(str(document["model_digest"]))


def put_ground_truth(lines: Iterable[str], arrived: datetime, parameters: StackParameters, s3: Any) -> str | None:
    """One object of labels in the folder of their hour; its address, None without a line.

    Its name is a digest of its content: the same labels in the same hour are one object, however often they are sent.
    """
    content = "".join(lines).encode()
    if not content:
        return None
    folder = monitoring_places.ground_truth(parameters, parameters.sagemaker.endpoint)
    place = folder / monitoring_places.hour_of(arrived) / f"labels-{sha256_hex(content)[:NAME_DIGITS]}.jsonl"
    put_new_bytes(content, place, s3)
    return str(place)
