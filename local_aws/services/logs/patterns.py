"""Filter patterns over unstructured events: terms, phrases, exclusions, alternatives and one regular expression.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from local_aws.api import ApiError

TOKEN = re.compile(r'\s*([?-]?)("(?:[^"\\]|\\.)*"|\S+)')
PLAIN = re.compile(r"\w+")

Matches = Callable[[str], bool]


def compile_pattern(pattern: str) -> Matches:
    """Whether a message matches. Raises InvalidParameterException."""
    text = pattern.strip()
    if text.startswith(("{", "[")):
        raise _invalid(pattern, "local_aws knows no JSON or space-delimited patterns, only terms")
    if len(text) > 1 and text.startswith("%") and text.endswith("%"):
        return _expression(pattern, text[1:-1])
    terms: dict[str, list[str]] = {"": [], "-": [], "?": []}
    for sign, word in TOKEN.findall(text):
        terms[sign].append(_term(pattern, word))
    needed, excluded, optional = terms.values()

    def matches(message: str) -> bool:
        if any(term in message for term in excluded) or not all(term in message for term in needed):
            return False
        # With terms that must be there, those with a question mark decide nothing.
        return bool(needed) or not optional or any(term in message for term in optional)

    return matches


def _expression(pattern: str, text: str) -> Matches:
    try:
        expression = re.compile(text)
    except re.error as error:
        raise _invalid(pattern, str(error)) from error
    return lambda message: expression.search(message) is not None


def _term(pattern: str, word: str) -> str:
    if word.startswith('"'):
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    if not PLAIN.fullmatch(word):
        raise _invalid(pattern, f"put the term {word} in double quotes")
    return word


def _invalid(pattern: str, why: str) -> ApiError:
    return ApiError("InvalidParameterException", f"Invalid filter pattern {pattern!r}: {why}")
