"""Create, Describe, Update, List and Delete of a kind of entity, typed by botocore's model of the operations.

The gateway checks each request against its input shape; here the output shapes say what is given back. A kind says
only what the model does not: its key, its ARN, its words for errors and what a change or deletion depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_aws.api import OPERATIONS, ApiError, Context, operation
from local_aws.protocol import model_of
from local_aws.services.sagemaker import tags
from local_aws.services.sagemaker.errors import validation_error
from local_aws.services.sagemaker.listing import select
from local_aws.services.sagemaker.records import now

Document = dict[str, Any]
Request = Mapping[str, Any]
SERVICE = "sagemaker"
#: The List operations of these kinds document this as their default.
PAGE = 10
#: Members of List requests that are no filters by equality.
NO_FILTERS = {"SortBy", "SortOrder", "NextToken", "MaxResults", "NameContains", "StatusEquals"}


def accept(context: Context, document: Document) -> None:
    """A check that has nothing against it."""


@dataclass(frozen=True)
class Kind:
    """``name`` as in Create<name>; ``key`` is the member that finds an entity; ``path`` that of its ARN."""

    name: str
    key: str
    path: str
    words: str
    arn: str = ""
    taken: str = "ValidationException"
    merged: tuple[str, ...] = ()
    """Maps to which an update adds; other members are replaced."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Members of summaries by the members of documents that they show."""
    identify: Callable[[Request], str] | None = None
    """The last part of the ARN, where it is not the name."""
    complete: Callable[[Document], Document] = dict
    """Members that a new entity has beyond those of its request."""
    check_new: Callable[[Context, Document], None] = accept
    check_deletion: Callable[[Context, Document], None] = accept
    selected: Callable[[Context, Request, Document], bool] = lambda context, request, document: True
    """A filter of the List operation that is more than equality of members."""
    without: frozenset[str] = frozenset()
    """Operations that have code of their own: ``Update``, ``Describe``, ..."""

    @property
    def store_kind(self) -> str:
        return f"sagemaker.{self.name}"

    @property
    def arn_member(self) -> str:
        return self.arn or f"{self.name}Arn"

    def find(self, context: Context, name_or_arn: str) -> Document:
        """Raises ``ResourceNotFound``."""
        document = context.store.get(self.store_kind, name_or_arn.rsplit("/", 1)[-1].lower())
        if document is None:
            raise ApiError("ResourceNotFound", f"{self.words} '{name_or_arn}' does not exist.")
        return document

    def all(self, context: Context) -> list[Document]:
        return [document for _, document in context.store.list(self.store_kind)]

    def put(self, context: Context, document: Document) -> None:
        context.store.put(self.store_kind, document[self.arn_member].rsplit("/", 1)[-1], document)


def register(kind: Kind) -> None:
    """Make the operations of a kind that the service has and that are not already there."""
    made = {"Create": _create, "Describe": _describe, "Update": _update, "Delete": _delete}
    for verb, function in made.items():
        _register(f"{verb}{kind.name}", verb, kind, function)
    _register(f"List{kind.name}s", "List", kind, _list)


def members_of(operation_name: str) -> Mapping[str, Any]:
    """The members of an operation's output by name, with their shapes."""
    model: Any = model_of(SERVICE)
    shape = model.operation_model(operation_name).output_shape
    return {} if shape is None else shape.members


def shown(operation_name: str, document: Document) -> Document:
    """What the operation's output has of a document."""
    members = members_of(operation_name)
    return {member: value for member, value in document.items() if member in members}


def _register(name: str, verb: str, kind: Kind, function: Callable[[Context, Kind, Request], Document]) -> None:
    model: Any = model_of(SERVICE)
    if name not in model.operation_names or verb in kind.without or (SERVICE, name) in OPERATIONS:
        return

    @operation(SERVICE, name)
    def serve(aws: Context, request: Request) -> Document:
        return function(aws, kind, request)


def _create(aws: Context, kind: Kind, request: Request) -> Document:
    moment = now()
    last = kind.identify(request) if kind.identify else str(request[kind.key]).lower()
    document = {key: value for key, value in request.items() if key != "Tags"}
    document |= {kind.arn_member: aws.arn(SERVICE, f"{kind.path}/{last}")}
    document |= {"CreationTime": moment, "LastModifiedTime": moment}
    document = kind.complete(document)
    with aws.store.transaction():
        if aws.store.get(kind.store_kind, last) is not None:
            name = request.get(kind.key, last)
            raise ApiError(
                kind.taken,
                f"{kind.words} names must be unique within an AWS account and region. "
                f"{kind.words} with name ({name}) already exists.",
            )
        kind.check_new(aws, document)
        aws.store.put(kind.store_kind, last, document)
        tags.keep(aws, document[kind.arn_member], request.get("Tags"))
    return shown(f"Create{kind.name}", document)


def _describe(aws: Context, kind: Kind, request: Request) -> Document:
    return shown(f"Describe{kind.name}", kind.find(aws, request[kind.key]))


def _update(aws: Context, kind: Kind, request: Request) -> Document:
    with aws.store.transaction():
        document = kind.find(aws, request[kind.key])
        for member, value in request.items():
            if member == kind.key or member.endswith("ToRemove"):
                continue
            document[member] = {**document.get(member, {}), **value} if member in kind.merged else value
        for member, keys in request.items():
            if member.endswith("ToRemove"):
                target = member.removesuffix("ToRemove")
                document[target] = {key: one for key, one in document.get(target, {}).items() if key not in keys}
        document["LastModifiedTime"] = now()
        kind.put(aws, document)
    return shown(f"Update{kind.name}", document)


def _list(aws: Context, kind: Kind, request: Request) -> Document:
    name = f"List{kind.name}s"
    member, shape = next((key, one) for key, one in members_of(name).items() if one.type_name == "list")
    items = shape.member.members

    def summary(document: Mapping[str, Any]) -> Document:
        aliased = {alias: document[source] for alias, source in kind.aliases.items() if source in document}
        return {key: value for key, value in {**document, **aliased}.items() if key in items}

    documents = [one for one in kind.all(aws) if _equal(one, request) and kind.selected(aws, request, one)]
    ordered = {"MaxResults": PAGE, **request, **_times(request)}
    page, more = select(documents, ordered, name=kind.key, summary=summary)
    return {member: page, **more}


def _delete(aws: Context, kind: Kind, request: Request) -> Document:
    with aws.store.transaction():
        if kind.key not in request:
            raise validation_error(f"{kind.key} is required.")
        document = kind.find(aws, request[kind.key])
        kind.check_deletion(aws, document)
        aws.store.delete(kind.store_kind, document[kind.arn_member].rsplit("/", 1)[-1])
        tags.forget(aws, document[kind.arn_member])
    return shown(f"Delete{kind.name}", document)


def _equal(document: Document, request: Request) -> bool:
    """Whether the document has the values that the request asks for by members of the same names."""
    for member, wanted in request.items():
        if member == "SourceUri":
            if document.get("Source", {}).get("SourceUri") != wanted:
                return False
        elif member in document and member not in NO_FILTERS and document[member] != wanted:
            return False
    return True


def _times(request: Request) -> Document:
    """CreatedAfter of experiments and lineage is CreationTimeAfter elsewhere."""
    names = {"CreatedAfter": "CreationTimeAfter", "CreatedBefore": "CreationTimeBefore"}
    return {other: request[one] for one, other in names.items() if one in request}
