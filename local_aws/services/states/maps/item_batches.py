"""ItemSelector and ItemBatcher: from items to the inputs of child workflow executions.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local_aws.services.states.errors import DATA_LIMIT_EXCEEDED, StateError
from local_aws.services.states.jsontext import MAX_BYTES, dumps, size
from local_aws.services.states.languages.query_language import QueryLanguage, Scope
from local_aws.services.states.maps.item_reader import Items
from local_aws.services.states.maps.map_fields import MapFields
from local_aws.services.states.maps.map_run_records import ChildInput
from local_aws.services.states.models import State


@dataclass(frozen=True)
class Batcher:
    """How items are put together. A limit of None or 0 is none."""

    max_items: int | None
    max_bytes: int | None
    batch_input: Any

    def batches(self, texts: list[str]) -> Iterator[ChildInput]:
        """``texts`` are the items as JSON. Raises ``StateError`` for an item that fits in no batch."""
        most = min(self.max_bytes or MAX_BYTES, MAX_BYTES)
        head = "{" if self.batch_input is None else f'{{"BatchInput":{dumps(self.batch_input)},'
        batch: list[str] = []
        for text in texts:
            if batch and (len(batch) == self.max_items or size(_joined(head, [*batch, text])) > most):
                yield {"input": _joined(head, batch), "items": len(batch)}
                batch = []
            batch.append(text)
            if len(batch) == 1 and size(_joined(head, batch)) > most:
                raise _too_large(most)
        if batch:
            yield {"input": _joined(head, batch), "items": len(batch)}


def batcher_of(state: State, fields: MapFields) -> Batcher | None:
    part = state.get("ItemBatcher")
    if part is None:
        return None
    return Batcher(
        fields.whole_number(part, "MaxItemsPerBatch", "ItemBatcher"),
        fields.whole_number(part, "MaxInputBytesPerBatch", "ItemBatcher"),
        fields.template(part, "BatchInput", "ItemBatcher"),
    )


def child_inputs(
    language: QueryLanguage, state: State, scope: Scope, items: Items, batcher: Batcher | None
) -> list[ChildInput]:
    """The inputs of all children. Raises ``StateError`` for an item that no state may be given."""
    texts = [dumps(item_input(language, state, scope, items, index)) for index in range(len(items.values))]
    if batcher is not None:
        return list(batcher.batches(texts))
    for text in texts:
        if size(text) > MAX_BYTES:
            raise _too_large(MAX_BYTES)
    return [{"input": text, "items": 1} for text in texts]


def item_input(language: QueryLanguage, state: State, scope: Scope, items: Items, index: int) -> Any:
    value, key = items.values[index], items.keys[index] if items.keys else None
    inner = scope.with_map_item(index, value, key, items.source)
    item = value if key is None else {"Key": key, "Value": value}
    return language.item_input(state, inner, item)


def _joined(head: str, batch: list[str]) -> str:
    return f'{head}"Items":[{",".join(batch)}]}}'


def _too_large(most: int) -> StateError:
    return StateError(DATA_LIMIT_EXCEEDED, f"An item is larger than the {most} bytes that a child's input may have.")
