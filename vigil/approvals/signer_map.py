"""Whose signature a user of Airflow may give: the stack's parameter AirflowSigners, checked where it is given and used.

One user of Airflow for one signer: with two, a password that one of them knows would sign in the other's window
(21 CFR 11.200(a)(2)).
"""

from __future__ import annotations

import json

from vigil.approvals.people import canonical_username

#: Said in words: an empty object shuts everybody out, as whoever empties it means.
SAME_NAMES = "same-names"


class UnusableSignersError(ValueError):
    """The text is no such map. The message goes on after the parameter's name."""


def airflow_signers(text: str) -> dict[str, str] | None:
    """Airflow's user names and their signers; None where all names are the same. Raises ``UnusableSignersError``."""
    if text == SAME_NAMES:
        return None
    try:
        pairs = json.loads(text, object_pairs_hook=tuple)
    except ValueError:
        pairs = None
    if not isinstance(pairs, tuple) or not all(_is_entry(pair) for pair in pairs):
        raise UnusableSignersError(
            f'is neither {SAME_NAMES} nor a JSON object of Airflow user names to signers, like {{"jane.doe": "jane"}}'
        )
    users = dict[str, str]()
    for user, signer in pairs:
        other = users.setdefault(canonical_username(signer), user)
        if other != user:
            raise UnusableSignersError(f"lets two users of Airflow, {other} and {user}, sign as {signer}: give one")
    signers = dict(pairs)
    if len(signers) != len(pairs):
        raise UnusableSignersError("names a user of Airflow twice: give one signer for each")
    return signers


def signer_for(user: str, text: str) -> str | None:
    """The name under which ``user`` signs; None for nobody's signer. Raises ``UnusableSignersError``."""
    signers = airflow_signers(text)
    return user if signers is None else signers.get(user)


def _is_entry(pair: object) -> bool:
    return isinstance(pair, tuple) and isinstance(pair[1], str) and bool(pair[1].strip())
