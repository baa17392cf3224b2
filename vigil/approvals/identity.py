"""Names: of requests, and of people where two systems write the same person's name in different ways."""

from __future__ import annotations

import re
from datetime import datetime

from vigil.approvals.models import SignatureFacts
from vigil.digests import digest_of
from vigil.moments import timestamp

ID_DIGITS = 24  # of SHA-256: the id is also the name of an execution, and people read it aloud
#: Between several people who changed the plan, in one text: the signed field was one before it named several.
CHANGERS_APART = "; "
_AUTHOR = re.compile(r"^(?P<name>[^<]*)<(?P<mail>[^<>]*)>$")  # as git writes an author


def request_id_for(execution_arn: str, state_name: str, entered_at: datetime, attempt: int) -> str:
    """The same wait always has the same id; a retried or redriven wait has another."""
    return f"apr-{digest_of([execution_arn, state_name, timestamp(entered_at), attempt])[:ID_DIGITS]}"


def spellings(name: str) -> set[str]:
    """What a recorded name may stand for: ``airflow:ana`` for ``ana``; ``Ana A <ana@x.org>`` for all its parts."""
    whole = _plain(name)
    plain = whole.rpartition(":")[2].strip()
    found = {whole, plain}
    author = _AUTHOR.match(plain)
    if author:
        mail = author["mail"].strip()
        found |= {author["name"].strip(), mail, mail.partition("@")[0]}
    elif "@" in whole:
        found |= {each.partition("@")[0] for each in set(found)}
    return found - {""}


def changers(plan_changed_by: str) -> list[str]:
    """Each who changed the plan."""
    return plan_changed_by.split(CHANGERS_APART)


def is_same_person(recorded: str, *names: str) -> bool:
    """Whether one of a person's names is what ``recorded`` stands for."""
    return bool(spellings(recorded) & {spelling for name in names for spelling in spellings(name)})


def names_of(signature: SignatureFacts) -> tuple[str, ...]:
    """Everything by which the signer of a signature may be known elsewhere."""
    return (signature.signer, signature.subject, signature.printed_name)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
