"""The documents that the interpreter keeps in the store.

Deadlines are seconds since the epoch on the wall clock: a wait that outlives the server keeps its end.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

Definition = dict[str, Any]
State = dict[str, Any]
Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
#: How a task ends: with the reply, with the job that it started, or with an answer to its token.
Mode = Literal["request", "sync", "sync:2", "token"]
MachineType = Literal["STANDARD", "EXPRESS"]


class Machine(TypedDict):
    arn: str
    name: str
    definition: str
    role: str
    created: datetime
    updated: datetime
    revision: str | None
    logging: dict[str, Any]
    tracing: dict[str, Any]
    tags: list[dict[str, str]]
    type: NotRequired[MachineType]
    encryption: NotRequired[dict[str, Any]]
    #: The number of the last version that was published: numbers are not used twice.
    published: NotRequired[int]
    #: DeleteStateMachine was called, and executions still run.
    deleting: NotRequired[bool]


class Version(TypedDict):
    """A machine as it was when the version was published; ``machine`` keeps the machine's own ARN."""

    arn: str
    number: int
    created: datetime
    description: str | None
    machine: Machine


class Route(TypedDict):
    """``weight`` is a percentage."""

    stateMachineVersionArn: str
    weight: int


class Alias(TypedDict):
    arn: str
    name: str
    machine: str
    description: str | None
    routes: list[Route]
    created: datetime
    updated: datetime


class Redrive(TypedDict):
    """A redrive that was done for a client token: asked again with it, the answer is the same."""

    token: str
    date: datetime


class ChildOf(TypedDict):
    """The map run that a child workflow execution belongs to. ``run`` and ``parent`` are ARNs."""

    run: str
    parent: str
    label: str
    items: int


class Execution(TypedDict):
    """``definition`` is the one it started with: updating the machine does not change a running execution.

    ``synchronous`` executions are forgotten when the server ends: nobody waits for them any more.
    """

    arn: str
    name: str
    machine: str
    machine_name: str
    definition: str
    role: str
    revision: str | None
    machine_updated: datetime
    input: str
    status: Status
    started: datetime
    stopped: datetime | None
    deadline: float | None
    output: str | None
    error: str | None
    cause: str | None
    type: NotRequired[MachineType]
    synchronous: NotRequired[bool]
    version: NotRequired[str | None]
    alias: NotRequired[str | None]
    logging: NotRequired[dict[str, Any]]
    tracing: NotRequired[dict[str, Any]]
    trace_header: NotRequired[str | None]
    redrives: NotRequired[int]
    redriven: NotRequired[datetime | None]
    redrive_tokens: NotRequired[list[Redrive]]
    child_of: NotRequired[ChildOf]


class Entered(TypedDict):
    event: int
    time: str


class Failure(TypedDict):
    error: str | None
    cause: str | None
    terminal: bool
    heartbeat: bool


class Outcome(TypedDict, total=False):
    """What the work of a state came to; it waits here for Output, Assign, Retry and Catch. One of the two."""

    result: Any
    failure: Failure


class Task(TypedDict):
    """A task under way. ``submitted`` is the reply of the call that started a job or handed out the token.

    ``started`` says that the history tells of the worker who fetched an activity's task.
    """

    parameters: Any
    token: str | None
    deadline: float | None
    submitted: NotRequired[Any]
    started: NotRequired[bool]


class Fork(TypedDict):
    """Parallel branches or Map iterations under way. ``inputs`` has one entry for each child.

    ``keys`` are those of an object that is iterated over. A distributed Map has only ``map_run``, its run's ARN.
    """

    number: int
    inputs: list[Any]
    limit: int
    launched: int
    started: int
    keys: NotRequired[list[str]]
    map_run: NotRequired[str]


class Finished(TypedDict):
    """How a child flow ended. ``event`` is what the join continues from, ``previous`` the child's last own event."""

    output: NotRequired[Any]
    failure: NotRequired[Failure]
    event: int
    previous: int


class MapItem(TypedDict):
    Index: int
    Value: Any
    Key: NotRequired[str]


class Frame(TypedDict):
    """One path of control: the machine itself, a branch or an iteration; where it stands and what it waits for.

    ``path`` is "0" for the machine and "0/1.2" for child 2 of the first fork of the machine's own path.
    ``block`` leads from the definition's root to the object that holds StartAt and States.
    """

    execution: str
    path: str
    block: list[str | int]
    state: str
    input: Any
    outer: dict[str, Any]
    variables: dict[str, Any]
    item: MapItem | None
    previous: int
    entered: Entered | None
    retries: dict[str, int]
    retry_count: int
    wake: float | None
    task: Task | None
    forks: int
    fork: Fork | None
    outcome: Outcome | None
    finished: Finished | None
    #: The fork that the current state failed with: what a redrive takes up.
    failed_fork: NotRequired[Fork | None]


class TokenAnswer(TypedDict, total=False):
    output: str
    failure: Failure


class Token(TypedDict):
    """A task token. A spent one stays, so that a late answer is told so.

    ``worker`` is there once an activity's task was fetched; None if the worker gave no name.
    """

    execution: str
    frame: str
    spent: bool
    answer: TokenAnswer | None
    deadline: float | None
    heartbeat: float | None
    beat: float
    worker: NotRequired[str | None]


class Cancellation(TypedDict):
    """A job that nobody waits for any more and that is still to be stopped."""

    service: str
    operation: str
    parameters: Any
    submitted: Any
