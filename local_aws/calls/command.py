"""``python -m local_aws calls``: who called what, read from the record itself, whether or not a server runs."""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from local_aws.calls.log import Query, Recorded, find, open_to_read
from local_aws.services.cloudtrail import cloudtrail_event
from local_aws.times import iso_milliseconds, utc

AGO = re.compile(r"(\d+)([smhd])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DEFAULT_LIMIT = 100
LOOK_SECONDS = 0.5
NOTHING_RECORDED = 1


def add_command(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser("calls", help="list the calls that were made, oldest first")
    parser.add_argument("--service", help="for example s3, states, sagemaker")
    parser.add_argument("--action", help="the operation's name, for example StartExecution")
    parser.add_argument("--principal", help="a part of the caller's ARN, for example a role's name")
    parser.add_argument("--since", type=moment, help="a time (ISO 8601) or how long ago: 30s, 10m, 2h, 1d")
    parser.add_argument("--errors", action="store_true", help="only calls that were answered with an error")
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help="how many of the newest calls")
    parser.add_argument("--json", action="store_true", help="CloudTrail records, one a line")
    parser.add_argument("--follow", action="store_true", help="go on with new calls until interrupted")
    parser.set_defaults(run=run)
    return parser


def moment(text: str) -> datetime:
    """Raises ``ValueError``, which argparse explains."""
    match = AGO.fullmatch(text)
    if match is not None:
        return datetime.now(UTC) - timedelta(**{UNITS[match[2]]: int(match[1])})
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def run(options: argparse.Namespace) -> int:
    connection = open_to_read(options.state_dir)
    if connection is None:
        sys.stderr.write(f"local_aws: {options.state_dir} holds no record of calls: was a server ever started on it?\n")
        return NOTHING_RECORDED
    query = Query(
        service=options.service,
        action=options.action,
        principal=options.principal,
        since=options.since,
        errors=options.errors or None,
    )
    show = _as_json if options.json else _as_line
    # A shell starts what runs in its background with this signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        found = list(reversed(find(connection, query, options.limit)))
        _print(found, show)
        while options.follow:
            query = replace(query, after_id=found[-1].id if found else query.after_id)
            time.sleep(LOOK_SECONDS)
            new = find(connection, query, options.limit, oldest_first=True)
            _print(new, show)
            found = new or found
    except (KeyboardInterrupt, BrokenPipeError):
        return 0
    finally:
        connection.close()
    return 0


def _print(calls: list[Recorded], show: Callable[[Recorded], str]) -> None:
    for call in calls:
        print(show(call), flush=True)  # noqa: T201


def _as_json(call: Recorded) -> str:
    return json.dumps(cloudtrail_event(call), ensure_ascii=False)


def _as_line(call: Recorded) -> str:
    began = iso_milliseconds(utc(call.time))
    service = call.source.removesuffix(".amazonaws.com")
    named = call.principal.partition("::")[2].partition(":")[2] or call.principal
    who = "local_aws" if call.document.get("kind") == "AWSService" else named
    names = ", ".join(name for _, name in call.resources)
    source = None if who == "local_aws" else call.document.get("source")
    parts = [began, f"{call.duration_ms:8.1f} ms", who, f"{service}:{call.name}", call.error or "ok", names]
    return "  ".join(part for part in [*parts, f"[{source}]" if source else ""] if part)
