"""What SageMaker keeps under a name that the caller gives: one document for each, found by that name.

Models and endpoint configurations are created, read, listed and deleted alike. They never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.api import Context
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.announcements import announce
from local_aws.services.sagemaker.errors import already_exists, not_found
from local_aws.services.sagemaker.listing import only, select
from local_aws.services.sagemaker.records import now


@dataclass(frozen=True)
class Named:
    """``kind`` of the store's documents; ``member`` as in ModelName and ModelArn; ``path`` of the ARN."""

    kind: str
    member: str
    path: str
    words: str
    event: str
    """The detail type that announces creation and deletion."""

    def create(self, context: Context, request: Mapping[str, Any]) -> str:
        """Returns the ARN. Raises ``Cannot create already existing model "arn:…".``"""
        name = request[f"{self.member}Name"]
        arn = self._arn(context, name)
        with context.store.transaction():
            if context.store.get(self.kind, name) is not None:
                raise already_exists(self.words, arn)
            stored = {key: value for key, value in request.items() if key != "Tags"}
            document = {**stored, f"{self.member}Arn": arn, "CreationTime": now()}
            context.store.put(self.kind, name, document)
            tags.keep(context, arn, request.get("Tags"))
            self._announce(context, document)
        return arn

    def find(self, context: Context, name: str) -> dict[str, Any]:
        """Raises ``Could not find model "arn:…".``"""
        document = context.store.get(self.kind, name)
        if document is None:
            raise not_found(self.words, self._arn(context, name))
        return document

    def page(self, context: Context, request: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The summaries of one page, and ``{"NextToken": …}`` or ``{}``."""
        documents = [document for _, document in context.store.list(self.kind)]
        name = f"{self.member}Name"
        return select(documents, request, name=name, summary=only(name, f"{self.member}Arn", "CreationTime"))

    def delete(self, context: Context, name: str) -> None:
        with context.store.transaction():
            document = self.find(context, name)
            context.store.delete(self.kind, name)
            self._announce(context, document)
            tags.forget(context, document[f"{self.member}Arn"])

    def _announce(self, context: Context, document: Mapping[str, Any]) -> None:
        """Names and times only: a container's environment may hold what is nobody else's business."""
        name, arn = f"{self.member}Name", f"{self.member}Arn"
        detail = {member: document[member] for member in (name, arn, "CreationTime")}
        announce(context, self.event, document[arn], {**detail, "Tags": tags.read(context, document[arn])})

    def _arn(self, context: Context, name: str) -> str:
        return context.arn("sagemaker", f"{self.path}/{name}")
