"""``getResolvedOptions``.

https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-get-resolved-options.html
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

# Glue passes them to every script; a script may read them but not name them as options of its own.
RESERVED = ("JOB_ID", "JOB_RUN_ID", "SECURITY_CONFIGURATION", "TempDir", "job-bookmark-option", "encryption-type")


class GlueArgumentError(Exception):
    """An option is missing or may not be asked for."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(args: Sequence[str], options: Sequence[str]) -> dict[str, str]:  # noqa: N802 - AWS's name
    """The values of ``--<option>`` in ``args``, all of them required, and of what Glue itself passes.

    As on AWS, hyphens of an option become underscores in the result. Raises ``GlueArgumentError``.
    """
    if taken := [option for option in options if option in RESERVED]:
        raise GlueArgumentError(f"Using reserved arguments {', '.join(taken)}")
    parser = _Parser(allow_abbrev=False)
    for option in options:
        parser.add_argument(f"--{option}", required=True)
    for option in RESERVED:
        parser.add_argument(f"--{option}")
    found, _ = parser.parse_known_args(list(args)[1:])
    return {name: value for name, value in vars(found).items() if value is not None}
