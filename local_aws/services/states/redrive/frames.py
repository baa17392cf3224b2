"""What a redrive takes up: the frames of an execution that failed, kept aside at its end.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html: an execution goes on from its
unsuccessful step with the same input; branches and iterations that succeeded are not run again.
"""

from __future__ import annotations

from datetime import UTC, datetime

from local_aws.api import ApiError
from local_aws.services.states.jsontext import loads
from local_aws.services.states.maps import map_redrive
from local_aws.services.states.models import Execution, Fork, Frame
from local_aws.services.states.records import Records
from local_aws.services.states.redrive.redrivability import PERIOD

FORKING = ("Parallel", "Map")


def keep(records: Records, frames: list[Frame]) -> None:
    """Inside the transaction of the end: frames as they stand."""
    for frame in frames:
        records.save_redrivable(frame)


def keep_fork(records: Records, frame: Frame, children: list[Frame]) -> None:
    """Inside the commit of a fork's failure: its children, and which of them were launched."""
    saved = records.frame(frame["execution"], frame["path"])
    fork = frame["fork"] or (None if saved is None else saved["fork"])
    if fork is None:
        return
    frame["failed_fork"] = fork
    for old in records.redrivable(frame["execution"], f"{frame['path']}/"):
        if not old["path"].startswith(f"{frame['path']}/{fork['number']}."):
            records.delete_redrivable(old)
    keep(records, children)


def forget(records: Records, execution: str) -> None:
    for frame in records.redrivable(execution):
        records.delete_redrivable(frame)


def forget_expired(records: Records) -> None:
    """What can be redriven no more, because its execution ended too long ago."""
    for arn in records.redrivable_executions():
        execution = records.execution(arn)
        stopped = None if execution is None else execution["stopped"]
        if stopped is not None and datetime.now(UTC) - stopped > PERIOD:
            forget(records, arn)


def restore(records: Records, execution: Execution, event: int) -> None:
    """Inside the transaction of a redrive: frames to go on with; ``event`` is the id of ExecutionRedriven.

    Raises ``ApiError`` ExecutionNotRedrivable when nothing was kept, or a map run is still being stopped.
    """
    kept = {frame["path"]: frame for frame in records.redrivable(execution["arn"])}
    if "0" not in kept:
        raise not_redrivable("Execution was ended by a server that kept nothing for a redrive: start it anew")
    _restore(records, loads(execution["definition"]), kept, kept["0"], event)
    forget(records, execution["arn"])


def _restore(records: Records, definition: object, kept: dict[str, Frame], frame: Frame, event: int) -> None:
    finished = frame["finished"]
    if finished is not None and "failure" not in finished:
        records.save_frame(frame)
        return
    state = _state(definition, frame)
    fork = _fork(frame) if state["Type"] in FORKING else None
    children = [] if fork is None else _children(kept, frame, fork)
    if fork is not None and "map_run" in fork:
        event = map_redrive.restore(records, fork, event)
    if "result" not in (frame["outcome"] or {}):
        frame["outcome"] = None
    frame.update({"retries": {}, "retry_count": 0, "wake": None, "task": None, "finished": None, "failed_fork": None})
    frame.update({"previous": event, "fork": fork if children is not None else None})
    records.save_frame(frame)
    for child in children or []:
        _restore(records, definition, kept, child, event)


def _fork(frame: Frame) -> Fork | None:
    """The fork that the frame's current state was in, or failed with."""
    if frame["fork"] is not None:
        return frame["fork"]
    fork = frame.get("failed_fork")
    return fork if fork is not None and fork["number"] == frame["forks"] else None


def _children(kept: dict[str, Frame], frame: Frame, fork: Fork) -> list[Frame] | None:
    """The children that were launched; None if one is missing, so that the state begins anew."""
    paths = [f"{frame['path']}/{fork['number']}.{index}" for index in range(fork["launched"])]
    return [kept[path] for path in paths] if all(path in kept for path in paths) else None


def _state(definition: object, frame: Frame) -> dict[str, object]:
    block: object = definition
    for key in [*frame["block"], "States", frame["state"]]:
        block = block[key]  # type: ignore[index]
    return dict(block)  # type: ignore[call-overload, no-any-return]


def not_redrivable(reason: str) -> ApiError:
    return ApiError("ExecutionNotRedrivable", reason)
