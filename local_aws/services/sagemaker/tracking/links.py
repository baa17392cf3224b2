"""Links between entities: trial components of trials, associations of lineage. One document for each link."""

from __future__ import annotations

from typing import Any

from local_aws.api import ApiError, Context
from local_aws.services.sagemaker.records import now

TRIAL_COMPONENT, ASSOCIATION = "sagemaker.trial_component_link", "sagemaker.association"


def add(context: Context, kind: str, source: str, destination: str, **more: Any) -> None:
    """A link that is there already stays as it is."""
    with context.store.transaction():
        if context.store.get(kind, _key(source, destination)) is None:
            document = {"Source": source, "Destination": destination, "CreationTime": now(), **more}
            context.store.put(kind, _key(source, destination), document)


def remove(context: Context, kind: str, source: str, destination: str) -> None:
    """Raises ``ResourceNotFound``."""
    with context.store.transaction():
        if context.store.get(kind, _key(source, destination)) is None:
            raise ApiError("ResourceNotFound", f"'{source}' and '{destination}' are not associated.")
        context.store.delete(kind, _key(source, destination))


def linked(context: Context, kind: str, source: str, destination: str) -> bool:
    return context.store.get(kind, _key(source, destination)) is not None


def all_links(context: Context, kind: str) -> list[dict[str, Any]]:
    return [document for _, document in context.store.list(kind)]


def _key(source: str, destination: str) -> str:
    return f"{source} {destination}"
