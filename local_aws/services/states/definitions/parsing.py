"""The text of a definition as JSON, and what is said of text that is none."""

from __future__ import annotations

import json
import re
from typing import Any

from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.jsontext import loads
from local_aws.services.states.models import Definition

#: AWS shows the beginning of a text that it cannot read.
SHOWN = 500
WORD = re.compile(r"[A-Za-z_$][\w$]*")
EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def parse(problems: Problems, text: str) -> Definition | None:
    """None, and a problem, for text that is no JSON object."""
    if not text.strip():
        problems.add("Definition must be a valid JSON object", "")
        return None
    try:
        definition: Any = loads(text)
    except json.JSONDecodeError as error:
        message, location = _complaint(text, error)
        problems.add(message, location, code="INVALID_JSON_DESCRIPTION")
        return None
    except (ValueError, RecursionError) as error:
        problems.add(f"{error}", "", code="INVALID_JSON_DESCRIPTION")
        return None
    if not isinstance(definition, dict):
        problems.add("Definition must be a valid JSON object", "/")
        return None
    return definition


def _complaint(text: str, error: json.JSONDecodeError) -> tuple[str, str]:
    word = WORD.match(text, error.pos)
    what, column = f"{error.msg}", error.colno
    if word is not None:
        what = f"Unrecognized token '{word[0]}': was expecting {EXPECTED}"
        # The column is that of the character after the token.
        column += len(word[0])
    location = f'[Source: (String)"{text[:SHOWN]}"; line: {error.lineno}, column: {column}]'
    return f"{what}\n at {location}", location
