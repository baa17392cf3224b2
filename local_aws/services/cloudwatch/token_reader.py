"""Tokens of a small language read one after the other: what the parsers of alarm rules and of metric math share."""

from __future__ import annotations


class TokenReader:
    #: What is raised for a token that does not fit.
    error: type[ValueError] = ValueError

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def here(self) -> str:
        """The token that comes next; empty at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, expected: str = "") -> str:
        token = self.here
        if not token or (expected and token != expected):
            raise self.error(f"{expected or 'a value'} was expected, not {token or 'the end'}")
        self._at += 1
        return token
