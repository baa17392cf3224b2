"""The one redactor: whatever is read from an execution's history passes through here before anybody sees it.

Step Functions keeps task parameters in its history, and so task tokens; a message body is JSON text inside JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

REDACTED = "[redacted]"

SECRET_KEY = re.compile(
    r"(task[_-]?token|^token$|password|passwd|secret(?!s?arn)|access[_-]?key|authorization|credential|refresh[_-]?token|id[_-]?token)",
    re.IGNORECASE,
)
#: One long run of base64, as AWS makes task tokens: always a secret from the first length on, whatever is in it.
ALWAYS_SECRET_CHARACTERS = 200
#: From this length on where it looks random. Digests (64 hex digits), names in ARNs and paths do not.
LEAST_SECRET_CHARACTERS = 60
TOKEN_TEXT = re.compile(
    rf"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{{{LEAST_SECRET_CHARACTERS},}}={{0,2}}(?![A-Za-z0-9+/=_-])"
)
#: ``"task_token": "…"`` inside a text that is not JSON as a whole, at any depth of escaping.
TOKEN_IN_TEXT = re.compile(r"""(task[_-]?token\\*["']?\s*[:=]\s*\\*["']?)([^"'\\\s,}&]+)""", re.IGNORECASE)


class Redactor:
    """Redacts the pieces of one whole: a secret that any piece so far has named is masked in all that follow.

    ``known`` counts those secrets; when it grew, pieces that were redacted before are worth redacting again. They are
    kept in memory only.
    """

    def __init__(self) -> None:
        self._found: set[str] = set()

    @property
    def known(self) -> int:
        return len(self._found)

    def redact(self, value: Any) -> Any:
        """A copy of ``value`` (JSON data) without secrets; texts that are JSON are redacted inside and stay JSON."""
        _collect(value, self._found)
        return _redact(value, sorted(self._found - {REDACTED}, key=len, reverse=True))

    def __repr__(self) -> str:
        return f"Redactor({self.known} secrets)"


def redact(value: Any) -> Any:
    """A copy of ``value``, which is all there is, without secrets."""
    return Redactor().redact(value)


def redact_text(text: str) -> str:
    """The same for one text, for example a failure's cause."""
    return str(redact(text))


def _parsed(text: str) -> Any:
    """What the text holds if it is a JSON object or list, else None."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _collect(value: Any, found: set[str], secret: bool = False) -> None:
    """Every text that stands under a secret's name: the same text is a secret wherever else it stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            _collect(item, found, secret or bool(SECRET_KEY.search(str(key))))
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, found, secret)
    elif isinstance(value, str):
        inner = _parsed(value)
        if inner is not None:
            _collect(inner, found, secret)
        elif secret and len(value) >= 8:  # shorter ones would blank out ordinary words elsewhere
            found.add(value)


def _redact(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: REDACTED if SECRET_KEY.search(str(key)) and item is not None else _redact(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact(item, secrets) for item in value]
    if isinstance(value, str):
        inner = _parsed(value)
        if inner is not None:
            return json.dumps(_redact(inner, secrets), ensure_ascii=False)
        return _clean(value, secrets)
    return value


def _clean(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    text = TOKEN_IN_TEXT.sub(lambda match: match.group(1) + REDACTED, text)
    return TOKEN_TEXT.sub(lambda match: REDACTED if _is_secret(match.group()) else match.group(), text)


def _is_secret(run: str) -> bool:
    """Random base64 has some 40 % capitals and 16 % digits; of 60 characters, fewer than a quarter of that is rare."""
    if len(run) >= ALWAYS_SECRET_CHARACTERS:
        return True
    capitals, small, digits = (sum(map(kind, run)) for kind in (str.isupper, str.islower, str.isdigit))
    return capitals >= len(run) / 8 and small >= len(run) / 8 and digits >= len(run) / 25
