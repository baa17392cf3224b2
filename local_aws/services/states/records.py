"""Typed access to the interpreter's documents in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from local_aws.services.states.models import Alias, Cancellation, Execution, Frame, Machine, Token, Version

if TYPE_CHECKING:
    from local_aws.store import Store

MACHINE = "states:machine"
EXECUTION = "states:execution"
FRAME = "states:frame"
TOKEN = "states:token"  # noqa: S105 - the kind of a document
CANCELLATION = "states:cancellation"
VERSION = "states:version"
ALIAS = "states:alias"
REDRIVABLE = "states:redrivable"


def add_indexes(store: Store) -> None:
    """What executions and tokens are looked for by. Once there, they cost nothing at a start."""
    store.index(EXECUTION, "status", "machine")
    store.index(EXECUTION, "machine")
    store.index_time(EXECUTION, "stopped")
    store.index(TOKEN, "spent")
    store.index(TOKEN, "execution")


class Records:
    """Each ``save`` writes the whole document; the caller's transaction decides what is committed together."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def machine(self, arn: str) -> Machine | None:
        return cast("Machine | None", self.store.get(MACHINE, arn))

    def machines(self) -> list[Machine]:
        return [cast(Machine, document) for _, document in self.store.list(MACHINE)]

    def save_machine(self, machine: Machine) -> None:
        self.store.put(MACHINE, machine["arn"], machine)

    def delete_machine(self, arn: str) -> None:
        """The machine, its versions and its aliases."""
        for kind, key in [
            *((VERSION, v["arn"]) for v in self.versions(arn)),
            *((ALIAS, a["arn"]) for a in self.aliases(arn)),
        ]:
            self.store.delete(kind, key)
        self.store.delete(MACHINE, arn)

    def version(self, arn: str) -> Version | None:
        return cast("Version | None", self.store.get(VERSION, arn))

    def versions(self, machine: str) -> list[Version]:
        """Oldest first."""
        return [cast(Version, document) for _, document in self.store.list(VERSION, f"{machine}:")]

    def save_version(self, version: Version) -> None:
        self.store.put(VERSION, version["arn"], version)

    def delete_version(self, arn: str) -> None:
        self.store.delete(VERSION, arn)

    def alias(self, arn: str) -> Alias | None:
        return cast("Alias | None", self.store.get(ALIAS, arn))

    def aliases(self, machine: str) -> list[Alias]:
        """Oldest first."""
        return [cast(Alias, document) for _, document in self.store.list(ALIAS, f"{machine}:")]

    def save_alias(self, alias: Alias) -> None:
        self.store.put(ALIAS, alias["arn"], alias)

    def delete_alias(self, arn: str) -> None:
        self.store.delete(ALIAS, arn)

    def execution(self, arn: str) -> Execution | None:
        return cast("Execution | None", self.store.get(EXECUTION, arn))

    def executions(self, prefix: str = "") -> list[Execution]:
        """In the order in which they started."""
        return [cast(Execution, document) for _, document in self.store.list(EXECUTION, prefix)]

    def running(self, machine: str | None = None) -> list[Execution]:
        """Those that run, of this machine or of all."""
        found = (self.execution(arn) for arn in self.execution_arns(machine, "RUNNING"))
        return [execution for execution in found if execution is not None]

    def execution_arns(self, machine: str | None = None, status: str | None = None) -> Sequence[str]:
        """In the order in which they started; no execution is read."""
        wanted = {"status": status, "machine": machine}
        return self.store.keys(EXECUTION, {field: value for field, value in wanted.items() if value is not None})

    def stopped_before(self, moment: datetime) -> Sequence[str]:
        """The ARNs of those that ended before."""
        return self.store.keys_before(EXECUTION, "stopped", moment)

    def save_execution(self, execution: Execution) -> None:
        self.store.put(EXECUTION, execution["arn"], execution)

    def delete_execution(self, arn: str) -> None:
        self.store.delete(EXECUTION, arn)

    def frames(self, execution: str, path: str = "") -> list[Frame]:
        """The frames of an execution whose path starts with ``path``, parents first."""
        found = self.store.list(FRAME, f"{execution}#{path}")
        return [cast(Frame, document) for _, document in found]

    def save_frame(self, frame: Frame) -> None:
        self.store.put(FRAME, f"{frame['execution']}#{frame['path']}", frame)

    def delete_frame(self, frame: Frame) -> None:
        self.store.delete(FRAME, f"{frame['execution']}#{frame['path']}")

    def frame(self, execution: str, path: str) -> Frame | None:
        return cast("Frame | None", self.store.get(FRAME, f"{execution}#{path}"))

    def redrivable(self, execution: str, path: str = "") -> list[Frame]:
        """The frames of an ended execution that a redrive takes up, whose path starts with ``path``."""
        found = self.store.list(REDRIVABLE, f"{execution}#{path}")
        return [cast(Frame, document) for _, document in found]

    def redrivable_executions(self) -> set[str]:
        """The ARNs of the executions that have such frames."""
        return {key.rpartition("#")[0] for key in self.store.keys(REDRIVABLE)}

    def save_redrivable(self, frame: Frame) -> None:
        self.store.put(REDRIVABLE, f"{frame['execution']}#{frame['path']}", frame)

    def delete_redrivable(self, frame: Frame) -> None:
        self.store.delete(REDRIVABLE, f"{frame['execution']}#{frame['path']}")

    def token(self, token: str) -> Token | None:
        return cast("Token | None", self.store.get(TOKEN, token))

    def delete_tokens(self, execution: str) -> None:
        for key in self.store.keys(TOKEN, {"execution": execution}):
            self.store.delete(TOKEN, key)

    def save_token(self, token: str, document: Token) -> None:
        self.store.put(TOKEN, token, document)

    def cancellations(self) -> list[tuple[str, Cancellation]]:
        return [(key, cast(Cancellation, document)) for key, document in self.store.list(CANCELLATION)]

    def save_cancellation(self, key: str, cancellation: Cancellation) -> None:
        self.store.put(CANCELLATION, key, cancellation)

    def delete_cancellation(self, key: str) -> None:
        self.store.delete(CANCELLATION, key)
