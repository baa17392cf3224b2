"""``python -m local_aws access``: used against granted for each role of a running server."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from local_aws import control
from local_aws.server_controls import ACCESS_PATH, ask

NOT_RUNNING = 3


def add_command(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        "access", help="what each role used of what it was granted (start with --iam record or enforce)"
    )
    parser.add_argument("--role", help="only roles whose ARN holds this")
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    endpoint = control.running(options.state_dir)
    if endpoint is None:
        sys.stderr.write("local_aws: not running: start it with --iam record, policies are read from the server\n")
        return NOT_RUNNING
    answer = ask(endpoint.url, "GET", ACCESS_PATH)
    roles = [role for role in answer["roles"] if (options.role or "") in role["role"]]
    if options.json:
        print(json.dumps({**answer, "roles": roles}, indent=2, ensure_ascii=False))  # noqa: T201
        return 0
    if answer["mode"] == "off":
        sys.stderr.write("local_aws: this server looks at no role: start it with --iam record or --iam enforce\n")
    for role in roles:
        for line in _lines(role):
            print(line)  # noqa: T201
    return 0


def _lines(role: dict[str, Any]) -> Iterator[str]:
    yield role["role"] + ("" if role["exists"] else "  (does not exist)")
    for each in role["used"]:
        done = "" if each["used"] == [each["action"]] else f" ({', '.join(each['used'])})"
        yield f"  used                    {each['action']}{done}  {each['resource']}  {each['count']} times"
    for each in role["used_but_not_granted"]:
        yield f"  USED BUT NOT GRANTED    {each['action']}  {each['resource']}  {each['count']} times, {each['reason']}"
    for each in role["granted_but_never_used"]:
        yield f"  granted, never used     {each['action']}  {each['resource']}  ({each['policy']})"
