"""What a job may say of its failure. A library's message can quote a cell of a report; Vigil's own never do."""

from __future__ import annotations

import traceback

from pydantic import ValidationError

OWN_PACKAGES = frozenset({"vigil", "tasks"})


def describe_failure(error: BaseException) -> str:
    """Vigil's own errors in their words; of any other its type, what is known to hold no data, and its place."""
    name = type(error).__name__
    if _package(type(error).__module__) in OWN_PACKAGES:
        return f"{name}: {error}"
    return f"{name}{_harmless_details(error)} {_place(error)}"


def _harmless_details(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        found = (f"{'.'.join(map(str, problem['loc'])) or 'document'} ({problem['type']})" for problem in problems)
        return f" of {error.title}: {', '.join(found)};"
    if isinstance(error, OSError):
        return f" ({error.strerror})" if error.strerror else ""
    # botocore's ClientError: which operation AWS refused, and its code.
    code = getattr(error, "response", {}).get("Error", {}).get("Code") if hasattr(error, "operation_name") else None
    return f" ({code} in {error.operation_name})" if code else ""  # type: ignore[attr-defined]


def _place(error: BaseException) -> str:
    """``at <module>:<line>`` of Vigil's own last line, and of the library's that raised it."""
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    if not frames:
        return "at an unknown place"
    own = [frame for frame in frames if _package(frame[0]) in OWN_PACKAGES]
    places = dict.fromkeys([*own[-1:], frames[-1]])
    return "at " + ", raised in ".join(f"{module}:{line}" for module, line in places)


def _package(module: str) -> str:
    return module.partition(".")[0]
