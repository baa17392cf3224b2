"""GetLogEvents, FilterLogEvents, DescribeLogStreams and the deletions, for streams that are ours; the rest is moto's.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html. In a group that holds
streams of ours, DescribeLogStreams and FilterLogEvents show those only.
"""

from __future__ import annotations

import base64
import heapq
import json
from collections.abc import Iterator
from typing import Any, Required, TypedDict

from local_aws.api import ApiError, Context, NotOursError, operation
from local_aws.services.logs import following, streams
from local_aws.services.logs.patterns import compile_pattern
from local_aws.services.logs.reading import PAGE_BYTES, PAGE_EVENTS, Event, StreamReader
from local_aws.services.logs.streams import StreamRecord

#: What one page of FilterLogEvents may look at; it then says with a token that there is more.
SEARCHED_EVENTS = 100_000
STREAM_PAGE = 50


class LogGroupRequest(TypedDict, total=False):
    logGroupName: str
    logGroupIdentifier: str


class GetLogEventsRequest(LogGroupRequest, total=False):
    logStreamName: Required[str]
    startTime: int
    endTime: int
    nextToken: str
    limit: int
    startFromHead: bool


class FilterLogEventsRequest(LogGroupRequest, total=False):
    logStreamNames: list[str]
    logStreamNamePrefix: str
    startTime: int
    endTime: int
    filterPattern: str
    nextToken: str
    limit: int


class DescribeLogStreamsRequest(LogGroupRequest, total=False):
    logStreamNamePrefix: str
    orderBy: str
    descending: bool
    nextToken: str
    limit: int


class LogStreamRequest(LogGroupRequest, total=False):
    logStreamName: Required[str]


@operation("logs", "GetLogEvents")
def get_log_events(aws: Context, request: GetLogEventsRequest) -> dict[str, Any]:
    """Without a token the newest page, unless ``startFromHead``. A token at an end is answered with itself."""
    following.refresh(aws, _group(request))
    record = _find(aws, request, request["logStreamName"])
    reader = StreamReader(aws, record, request.get("startTime"), request.get("endTime"))
    limit = request.get("limit", PAGE_EVENTS)
    direction, position = _position(request, reader)
    if direction == "f":
        page = reader.page(position, limit)
        first, last = position, page[-1].end if page else position
    else:
        page = reader.page_before(position, limit)
        first, last = page[0].start if page else position, position
    return {
        "events": [_shown(event) for event in page],
        "nextForwardToken": f"f/{last:056d}",
        "nextBackwardToken": f"b/{first:056d}",
    }


@operation("logs", "FilterLogEvents")
def filter_log_events(aws: Context, request: FilterLogEventsRequest) -> dict[str, Any]:
    """Events of all streams together, by their time."""
    following.refresh(aws, _group(request))
    chosen = _chosen(aws, request)
    matches = compile_pattern(request.get("filterPattern", ""))
    positions = _read_token(request.get("nextToken"))
    limit = request.get("limit", PAGE_EVENTS)
    found: list[dict[str, Any]] = []
    size = 0
    merged = heapq.merge(*(_events(aws, one, request, positions) for one in chosen), key=lambda pair: pair[1].time)
    for searched, (name, event) in enumerate(merged):
        if len(found) == limit or size >= PAGE_BYTES or searched == SEARCHED_EVENTS:
            return {"events": found, "searchedLogStreams": [], "nextToken": _write_token(positions)}
        positions[name] = event.end
        if matches(event.message):
            size += len(event.message)
            found.append({"logStreamName": name, "eventId": f"{event.time:013d}{event.start:043d}", **_shown(event)})
    return {"events": found, "searchedLogStreams": []}


@operation("logs", "DescribeLogStreams")
def describe_log_streams(aws: Context, request: DescribeLogStreamsRequest) -> dict[str, Any]:
    group = _group(request)
    following.refresh(aws, group)
    if not streams.streams_of(aws, group):
        raise NotOursError
    records = streams.streams_of(aws, group, request.get("logStreamNamePrefix", ""))
    by_time = request.get("orderBy") == "LastEventTime"
    if by_time and "logStreamNamePrefix" in request:
        raise _invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    records.sort(
        key=lambda record: (record["last"] or 0 if by_time else 0, record["stream"]),
        reverse=request.get("descending", False),
    )
    token = request.get("nextToken") or "0"
    if not token.isdigit():
        raise _invalid("The specified nextToken is invalid.")
    start, size = int(token), request.get("limit", STREAM_PAGE)
    answer: dict[str, Any] = {"logStreams": [_described(aws, one) for one in records[start : start + size]]}
    if start + size < len(records):
        answer["nextToken"] = str(start + size)
    return answer


@operation("logs", "DeleteLogStream")
def delete_log_stream(aws: Context, request: LogStreamRequest) -> None:
    streams.forget(aws, _find(aws, request, request["logStreamName"]))


@operation("logs", "DeleteLogGroup")
def delete_log_group(aws: Context, request: LogGroupRequest) -> None:
    """The group itself is moto's, which has the last word."""
    for record in streams.streams_of(aws, _group(request)):
        streams.forget(aws, record)
    raise NotOursError


def _group(request: Any) -> str:
    name: str = request.get("logGroupName") or request.get("logGroupIdentifier", "")
    return name.partition(":log-group:")[2].removesuffix(":*") if name.startswith("arn:") else name


def _find(context: Context, request: Any, stream: str) -> StreamRecord:
    record = streams.find(context, _group(request), stream)
    if record is None:
        raise NotOursError
    return record


def _position(request: GetLogEventsRequest, reader: StreamReader) -> tuple[str, int]:
    token = request.get("nextToken")
    if token is None:
        return ("f", reader.first) if request.get("startFromHead", False) else ("b", reader.last)
    direction, _, number = token.partition("/")
    if direction not in ("f", "b") or not number.isdigit():
        raise _invalid("The specified nextToken is invalid.")
    return direction, int(number)


def _chosen(context: Context, request: FilterLogEventsRequest) -> list[StreamRecord]:
    group, names = _group(request), request.get("logStreamNames")
    if names and "logStreamNamePrefix" in request:
        raise _invalid("logStreamNamePrefix and logStreamNames cannot be given together.")
    if not names:
        records = streams.streams_of(context, group, request.get("logStreamNamePrefix", ""))
        if not records and not streams.streams_of(context, group):
            raise NotOursError
        return records
    found = [record for name in names if (record := streams.find(context, group, name)) is not None]
    if not found:
        raise NotOursError
    return found


def _events(
    context: Context, record: StreamRecord, request: FilterLogEventsRequest, positions: dict[str, int]
) -> Iterator[tuple[str, Event]]:
    reader = StreamReader(context, record, request.get("startTime"), request.get("endTime"))
    for event in reader.forwards(positions.get(record["stream"])):
        yield record["stream"], event


def _shown(event: Event) -> dict[str, Any]:
    return {"timestamp": event.time, "message": event.message, "ingestionTime": event.time}


def _described(context: Context, record: StreamRecord) -> dict[str, Any]:
    arn = context.arn("logs", f"log-group:{record['group']}:log-stream:{record['stream']}")
    shown = {"logStreamName": record["stream"], "creationTime": record["created"], "arn": arn, "storedBytes": 0}
    if record["first"] is not None:
        times = {"firstEventTimestamp": record["first"], "lastEventTimestamp": record["last"]}
        shown |= {**times, "lastIngestionTime": record["last"], "uploadSequenceToken": f"{record['seen']:056d}"}
    return shown


def _write_token(positions: dict[str, int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(positions).encode()).decode()


def _read_token(token: str | None) -> dict[str, int]:
    if token is None:
        return {}
    try:
        positions: dict[str, int] = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise _invalid("The specified nextToken is invalid.") from error
    return positions


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterException", message)
