"""Task tokens: minted for one attempt, answered once, spent for ever.

A token moves only one way: open, then spent, by an answer, by the end of its time or by the end of its wait. The
answer is committed before the caller hears that it was taken, so that a killed server does not lose it.
"""

from __future__ import annotations

import base64
import secrets

from local_aws.api import ApiError
from local_aws.services.states.models import Token, TokenAnswer
from local_aws.services.states.records import Records

TOKEN_BYTES = 384


def mint() -> str:
    return base64.b64encode(secrets.token_bytes(TOKEN_BYTES)).decode()


def new(execution: str, frame: str, deadline: float | None, heartbeat: float | None, now: float) -> Token:
    return {
        "execution": execution,
        "frame": frame,
        "spent": False,
        "answer": None,
        "deadline": deadline,
        "heartbeat": heartbeat,
        "beat": now,
    }


def ends_at(token: Token) -> tuple[float | None, bool]:
    """When the wait ends without an answer (seconds since the epoch), and whether for want of a heartbeat."""
    deadline, heartbeat = token["deadline"], token["heartbeat"]
    missed = None if heartbeat is None else token["beat"] + heartbeat
    if missed is not None and (deadline is None or missed < deadline):
        return missed, True
    return deadline, False


def find(records: Records, token: str, now: float) -> Token:
    """An open token. Raises ``ApiError`` InvalidToken for an unknown one, TaskTimedOut for a spent or late one."""
    document = records.token(token)
    if document is None:
        raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'")
    end, _ = ends_at(document)
    if document["spent"] or (end is not None and now >= end):
        raise ApiError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    return document


def answer(records: Records, token: str, given: TokenAnswer, now: float) -> Token:
    document = find(records, token, now)
    document["answer"], document["spent"] = given, True
    records.save_token(token, document)
    return document


def beat(records: Records, token: str, now: float) -> Token:
    document = find(records, token, now)
    document["beat"] = now
    records.save_token(token, document)
    return document


def spend(records: Records, token: str) -> None:
    """The wait is over; whatever comes now is too late."""
    document = records.token(token)
    if document is not None and not document["spent"]:
        document["spent"] = True
        records.save_token(token, document)
