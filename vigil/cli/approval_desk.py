"""The desk as the command line reaches it, and who reads there."""

from __future__ import annotations

import getpass
import os

from vigil.approvals.desk import Desk
from vigil.audit.models import Actor

VIA = "the command line"


def open_desk() -> Desk:
    """The stack's desk. Raises ``ConfigurationError``."""
    from vigil.aws.desk_client import desk_client
    from vigil.aws.environment import load_parameters

    return desk_client(load_parameters())


def reader() -> Actor:
    """Who sits at this machine, as it says: a claim. Who signs proves it to the desk."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        name = f"uid {os.getuid()}"
    return Actor(name=name, via=VIA, verified=False)
