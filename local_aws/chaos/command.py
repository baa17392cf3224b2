"""``python -m local_aws chaos``: see and change the faults of a running server."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from local_aws import control
from local_aws.server_controls import CHAOS_PATH, ask

NOT_RUNNING = 3


def add_options(start: argparse.ArgumentParser) -> None:
    """The options of ``start``."""
    start.add_argument(
        "--chaos",
        action="append",
        default=[],
        metavar="RULE",
        help="faults by service and operation, such as 's3.Put*:throttle=0.1,500-after=0.05,latency=50ms'; repeatable",
    )
    start.add_argument("--chaos-seed", type=int, default=0, help="the same seed gives the same faults")


def add_command(commands: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser("chaos", help="see or change the faults of a running server")
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--set", action="append", metavar="RULE", help="the rules from now on; repeatable")
    change.add_argument("--off", action="store_true", help="no faults from now on")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> int:
    endpoint = control.running(options.state_dir)
    if endpoint is None:
        sys.stderr.write("local_aws: not running\n")
        return NOT_RUNNING
    if options.set or options.off:
        state = ask(endpoint.url, "POST", CHAOS_PATH, {"rules": options.set or [], "seed": options.seed})
    else:
        state = ask(endpoint.url, "GET", CHAOS_PATH)
    print(json.dumps(state, indent=2))  # noqa: T201
    return 0
