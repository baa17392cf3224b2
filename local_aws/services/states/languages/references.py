"""What a JSONPath state reads from: its data (``$``), the context object (``$$``) or a variable (``$name``).

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from local_aws.services.states.errors import RUNTIME, StateError
from local_aws.services.states.languages.jsonpath import NoSuchNodeError, Path, parse
from local_aws.services.states.languages.query_language import Scope

VARIABLE = re.compile(r"\$([^\W\d]\w*)")
CACHED_REFERENCES = 4096


@dataclass(frozen=True)
class Reference:
    """``variable`` is "" for the data of the state and "$" for the context object."""

    text: str
    variable: str
    path: Path

    def read(self, document: Any, scope: Scope) -> Any:
        """Raises ``NoSuchNodeError``, and ``StateError`` States.Runtime for a document that is null."""
        root = self.root(document, scope)
        if root is None and not self.variable:
            raise path_error("Unable to apply Path transformation to null or empty input.")
        return self.path.read(root)

    def root(self, document: Any, scope: Scope) -> Any:
        if self.variable == "$":
            return scope.context
        if not self.variable:
            return document
        if self.variable not in scope.variables:
            raise NoSuchNodeError(f"No variable named {self.variable}")
        return scope.variables[self.variable]

    def shown_root(self, document: Any, scope: Scope) -> Any:
        """The document that a message about a missing node shows."""
        try:
            return self.root(document, scope)
        except NoSuchNodeError:
            variables: Mapping[str, Any] = scope.variables
            return dict(variables)


@lru_cache(CACHED_REFERENCES)
def parse_reference(text: str) -> Reference:
    """Raises ``PathSyntaxError``."""
    if text.startswith("$$"):
        return Reference(text, "$", parse(text[1:]))
    match = VARIABLE.match(text)
    if match is not None:
        return Reference(text, match[1], parse("$" + text[match.end() :]))
    return Reference(text, "", parse(text))


def path_error(cause: str) -> StateError:
    """A path that cannot be followed ends the execution: no Retry and no Catch takes States.Runtime."""
    return StateError(RUNTIME, cause, terminal=True)
