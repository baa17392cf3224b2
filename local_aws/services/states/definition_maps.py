"""Checks of a Map state's processor and of the fields that only a distributed Map has.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_aws.services.states.definition_problems import Problems
from local_aws.services.states.distributed_map import MAX_LABEL, NOT_IN_LABELS
from local_aws.services.states.expressions import expression_in
from local_aws.services.states.item_formats import DELIMITERS, INPUT_TYPES
from local_aws.services.states.item_reader import GET, LIST
from local_aws.services.states.map_children import processor_field
from local_aws.services.states.result_writer import OUTPUT_TYPES, PUT, TRANSFORMATIONS

DISTRIBUTED_FIELDS = frozenset(
    {"ItemReader", "ItemBatcher", "ResultWriter", "ToleratedFailureCount", "ToleratedFailurePercentage", "Label"}
)
MAP_FIELDS = frozenset({"Items", "ItemSelector", "ItemProcessor", "Iterator", "MaxConcurrency"}) | DISTRIBUTED_FIELDS
#: Also with Path at the end in JSONPath.
PATHS = ("ToleratedFailureCountPath", "ToleratedFailurePercentagePath")
TEMPLATE = frozenset({"Arguments", "Parameters"})
READER = frozenset({"Resource", "ReaderConfig"}) | TEMPLATE
CONFIG = frozenset(
    {
        *("InputType", "MaxItems", "MaxItemsPath", "ItemsPointer", "Transformation", "ManifestType"),
        *("CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"),
    }
)
BATCHER = frozenset(
    {"MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", "BatchInput"}
)
WRITER = frozenset({"Resource", "WriterConfig"}) | TEMPLATE
MAX_BATCH_BYTES = 262_144


def check_map_fields(problems: Problems, state: Mapping[str, Any], location: str) -> None:
    """What is the same in both query languages."""
    if "ItemProcessor" not in state and "Iterator" not in state:
        problems.add("These fields are required: [ItemProcessor]", location)
        return
    if "ItemProcessor" in state and "Iterator" in state:
        problems.add("State must not have both ItemProcessor and Iterator", f"{location}/Iterator")
    field = processor_field(state)
    processor = state[field]
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
    place = f"{location}/{field}/ProcessorConfig"
    mode = config.get("Mode", "INLINE") if isinstance(config, dict) else config
    _one_of(problems, mode, ("INLINE", "DISTRIBUTED"), f"{place}/Mode")
    if mode == "DISTRIBUTED":
        if "ExecutionType" not in config:
            problems.add("These fields are required: [ExecutionType]", place)
        _one_of(problems, config.get("ExecutionType", "STANDARD"), ("STANDARD", "EXPRESS"), f"{place}/ExecutionType")
        _check_distributed(problems, state, location)
        return
    for name in state:
        if name in DISTRIBUTED_FIELDS or name in PATHS:
            problems.add(f"Field '{name}' is supported in Map states of mode DISTRIBUTED only", f"{location}/{name}")


def _check_distributed(problems: Problems, state: Mapping[str, Any], location: str) -> None:
    label = state.get("Label", "Map")
    if not isinstance(label, str) or not 0 < len(label) <= MAX_LABEL or NOT_IN_LABELS.search(label):
        problems.add(f"Value is not a label of 1 to {MAX_LABEL} characters", f"{location}/Label")
    _number(problems, state, "ToleratedFailureCount", location, most=None)
    _number(problems, state, "ToleratedFailurePercentage", location, most=100)
    if "ItemReader" in state:
        _check_reader(problems, state["ItemReader"], f"{location}/ItemReader")
    if "ItemBatcher" in state:
        _check_batcher(problems, state["ItemBatcher"], f"{location}/ItemBatcher")
    if "ResultWriter" in state:
        _check_writer(problems, state["ResultWriter"], f"{location}/ResultWriter")


def _check_reader(problems: Problems, reader: Any, location: str) -> None:
    if not _known(problems, reader, READER, location):
        return
    _one_of(problems, reader.get("Resource"), (GET, LIST), f"{location}/Resource")
    place, config = f"{location}/ReaderConfig", reader.get("ReaderConfig", {})
    if not _known(problems, config, CONFIG, place):
        return
    loads_files = reader.get("Resource") == GET or config.get("Transformation") == "LOAD_AND_FLATTEN"
    if loads_files and "InputType" not in config:
        problems.add("These fields are required: [InputType]", place)
    kind = config.get("InputType", "JSON")
    _one_of(problems, kind, INPUT_TYPES, f"{place}/InputType")
    _one_of(problems, config.get("Transformation", "NONE"), ("NONE", "LOAD_AND_FLATTEN"), f"{place}/Transformation")
    _one_of(problems, config.get("CSVDelimiter", "COMMA"), tuple(DELIMITERS), f"{place}/CSVDelimiter")
    if config.get("ManifestType", "S3_INVENTORY") != "S3_INVENTORY":
        problems.add("local_aws reads manifests of ManifestType S3_INVENTORY only", f"{place}/ManifestType")
    _number(problems, config, "MaxItems", place, most=100_000_000)
    if kind == "CSV" and loads_files:
        header = config.get("CSVHeaderLocation")
        _one_of(problems, header, ("FIRST_ROW", "GIVEN"), f"{place}/CSVHeaderLocation")
        if (header == "GIVEN") != ("CSVHeaders" in config):
            problems.add("CSVHeaders must be given with CSVHeaderLocation GIVEN, and only then", f"{place}/CSVHeaders")


def _check_batcher(problems: Problems, batcher: Any, location: str) -> None:
    if not _known(problems, batcher, BATCHER, location):
        return
    if not set(batcher) - {"BatchInput"}:
        problems.add("One of MaxItemsPerBatch and MaxInputBytesPerBatch is required", location)
    _number(problems, batcher, "MaxItemsPerBatch", location, most=None)
    _number(problems, batcher, "MaxInputBytesPerBatch", location, most=MAX_BATCH_BYTES)


def _check_writer(problems: Problems, writer: Any, location: str) -> None:
    if not _known(problems, writer, WRITER, location):
        return
    if not {"Resource", "WriterConfig"} & set(writer):
        problems.add("ResultWriter must have WriterConfig, or Resource and its parameters", location)
    if "Resource" in writer:
        _one_of(problems, writer["Resource"], (PUT,), f"{location}/Resource")
        if not TEMPLATE & set(writer):
            problems.add("These fields are required: [Arguments]", location)
    config, place = writer.get("WriterConfig", {}), f"{location}/WriterConfig"
    if _known(problems, config, frozenset({"Transformation", "OutputType"}), place):
        _one_of(problems, config.get("Transformation", "NONE"), TRANSFORMATIONS, f"{place}/Transformation")
        _one_of(problems, config.get("OutputType", "JSON"), OUTPUT_TYPES, f"{place}/OutputType")


def _known(problems: Problems, part: Any, fields: frozenset[str], location: str) -> bool:
    if not isinstance(part, dict):
        problems.add("Value must be an object", location)
        return False
    for field in part:
        if field not in fields:
            problems.add(f"Field '{field}' is not supported", f"{location}/{field}")
    return True


def _one_of(problems: Problems, value: Any, offered: tuple[str, ...], location: str) -> None:
    if value not in offered:
        problems.add(f"Value '{value}' is not one of {', '.join(offered)}", location)


def _number(problems: Problems, part: Mapping[str, Any], field: str, location: str, *, most: int | None) -> None:
    """A number that is not negative, or an expression."""
    value = part.get(field, 0)
    if expression_in(value) is not None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or value < 0 or (most is not None and value > most):
        bound = "" if most is None else f" of at most {most}"
        problems.add(f"Value is not a number{bound} that is not negative", f"{location}/{field}")
    if f"{field}Path" in part and field in part:
        problems.add(f"State must not have both {field} and {field}Path", f"{location}/{field}Path")
