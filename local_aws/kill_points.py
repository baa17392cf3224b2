"""Named places at which a test lets the server end as ``kill -9`` ends it: ``LOCAL_AWS_KILL_AT=name:count``."""

from __future__ import annotations

import itertools
import os
import signal

from local_aws.settings import FaultSettings

_NAME, _, _COUNT = FaultSettings.from_environment().kill_at.partition(":")
_passed = itertools.count(1)


def passing(name: str) -> None:
    """Ends this process at the ``count``-th time that it passes the named place; nothing otherwise."""
    if name == _NAME and next(_passed) == int(_COUNT or "1"):
        os.kill(os.getpid(), signal.SIGKILL)
