"""Checks of a Map state: its processor, and the fields that only a distributed Map has.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from local_aws.services.states.definitions import jsonata, jsonpath
from local_aws.services.states.definitions.fields import check_language_fields
from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.definitions.values import check_number, check_text, check_whole, is_text
from local_aws.services.states.languages.expressions import expression_in

PROCESSORS = ("ItemProcessor", "Iterator")
DISTRIBUTED = frozenset(
    {
        *("ItemReader", "ItemBatcher", "ResultWriter", "Label"),
        *("ToleratedFailureCount", "ToleratedFailureCountPath"),
        *("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    }
)
CONFIG = frozenset({"Mode", "ExecutionType"})
S3 = re.compile(r"arn:aws[\w-]*:states:::s3:(?P<api>\w+)")
READER = frozenset({"Resource", "ReaderConfig", "Arguments", "Parameters"})
READER_CONFIG = frozenset(
    {
        *("InputType", "MaxItems", "MaxItemsPath", "ItemsPointer", "Transformation", "ManifestType"),
        *("CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"),
    }
)
BATCHER = frozenset(
    {"MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", "BatchInput"}
)
WRITER = frozenset({"Resource", "WriterConfig", "Arguments", "Parameters"})
WRITER_CONFIG = frozenset({"Transformation", "OutputType"})
TEMPLATES = {"JSONata": frozenset({"Arguments"}), "JSONPath": frozenset({"Parameters"})}
INPUT_TYPES = ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")
DELIMITERS = ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")
MAX_ITEMS, MAX_BATCH_BYTES, MOST_PERCENT, MAX_LABEL = 100_000_000, 262_144, 100, 40
NOT_IN_LABELS = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]""")


def check_map_fields(problems: Problems, state: Mapping[str, Any], location: str, language: str) -> None:
    """Everything but the states of the processor, and the templates that other states have too."""
    _check_whole(problems, state, "MaxConcurrency", location, language)
    problems.exactly_one(state, PROCESSORS, location)
    if "ItemSelector" in state:
        problems.at_most_one(state, ("ItemSelector", "Parameters"), location)
    for field in PROCESSORS:
        if isinstance(state.get(field), dict) and "ProcessorConfig" in state[field]:
            _check_config(problems, state[field]["ProcessorConfig"], f"{location}/{field}/ProcessorConfig")
    if "Label" in state and check_text(problems, state["Label"], f"{location}/Label"):
        _check_label(problems, state["Label"], f"{location}/Label")
    _check_whole(problems, state, "ToleratedFailureCount", location, language)
    if "ToleratedFailurePercentage" in state and not _is_expression(state["ToleratedFailurePercentage"], language):
        place = f"{location}/ToleratedFailurePercentage"
        check_number(problems, state["ToleratedFailurePercentage"], place, least=0, most=MOST_PERCENT)
    for field, check in (
        ("ItemReader", _check_reader),
        ("ItemBatcher", _check_batcher),
        ("ResultWriter", _check_writer),
    ):
        if field in state:
            part, place = state[field], f"{location}/{field}"
            if isinstance(part, dict):
                check(problems, part, place, language)
            else:
                problems.wrong_type("[OBJECT]", place)
    _refuse_inline(problems, state, location)


def _refuse_inline(problems: Problems, state: Mapping[str, Any], location: str) -> None:
    """AWS takes these fields in an inline Map, where they have no effect: nobody can mean that."""
    processor: Mapping[str, Any] = next(
        (state[field] for field in PROCESSORS if isinstance(state.get(field), dict)), {}
    )
    config = processor.get("ProcessorConfig")
    if isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED":
        return
    for field in state:
        if field in DISTRIBUTED:
            problems.add(f"Field '{field}' is supported in Map states of mode DISTRIBUTED only", f"{location}/{field}")


def _check_config(problems: Problems, config: Any, location: str) -> None:
    if not isinstance(config, dict):
        problems.wrong_type("[OBJECT]", location)
        return
    mode = config.get("Mode", "INLINE")
    problems.known(config, CONFIG if mode == "DISTRIBUTED" else CONFIG - {"ExecutionType"}, location)
    problems.one_of(mode, ("INLINE", "DISTRIBUTED"), f"{location}/Mode")
    if mode == "DISTRIBUTED" and problems.require(config, ("ExecutionType",), location):
        problems.one_of(config["ExecutionType"], ("STANDARD", "EXPRESS"), f"{location}/ExecutionType")


def _check_label(problems: Problems, label: str, location: str) -> None:
    if len(label) > MAX_LABEL:
        message = f"Label '{label}' exceeds the {MAX_LABEL}-character limit allowed by the service"
        problems.add(message, location, code="INVALID_LABEL_NAME")
    elif not label or NOT_IN_LABELS.search(label):
        problems.add(f"Label '{label}' contains invalid characters", location, code="INVALID_LABEL_NAME")


def _check_reader(problems: Problems, reader: dict[str, Any], location: str, language: str) -> None:
    problems.known(reader, READER, location)
    if problems.require(reader, ("Resource",), location):
        _check_s3(problems, reader["Resource"], ("getObject", "listObjectsV2"), f"{location}/Resource")
    _check_templates(problems, reader, location, language)
    config, place = reader.get("ReaderConfig", {}), f"{location}/ReaderConfig"
    if not isinstance(config, dict):
        problems.wrong_type("[OBJECT]", place)
        return
    problems.known(config, READER_CONFIG, place)
    kind, loads_files = config.get("InputType"), str(reader.get("Resource")).endswith("getObject")
    if loads_files or config.get("Transformation") == "LOAD_AND_FLATTEN":
        problems.require(config, ("InputType",), place)
    if "InputType" in config:
        problems.one_of(kind, INPUT_TYPES, f"{place}/InputType")
    _check_whole(problems, config, "MaxItems", place, language, most=MAX_ITEMS)
    _check_csv(problems, config, place)
    for field, offered in (("Transformation", ("NONE", "LOAD_AND_FLATTEN")), ("CSVDelimiter", DELIMITERS)):
        if field in config:
            problems.one_of(config[field], offered, f"{place}/{field}")


def _check_csv(problems: Problems, config: dict[str, Any], location: str) -> None:
    if config.get("InputType") != "CSV":
        for field in ("CSVHeaderLocation", "CSVHeaders", "CSVDelimiter"):
            if field in config and config.get("InputType") in ("JSON", "JSONL"):
                problems.add(f"Field '{field}' is not supported", location)
        return
    if "CSVHeaderLocation" not in config:
        problems.add("The field 'CSVHeaderLocation' is required", location)
        return
    problems.one_of(config["CSVHeaderLocation"], ("FIRST_ROW", "GIVEN"), f"{location}/CSVHeaderLocation")
    if config["CSVHeaderLocation"] == "GIVEN":
        problems.require(config, ("CSVHeaders",), location)


def _check_batcher(problems: Problems, batcher: dict[str, Any], location: str, language: str) -> None:
    problems.known(batcher, BATCHER, location)
    limits = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    if not any(field in batcher or f"{field}Path" in batcher for field in limits):
        problems.add("One of MaxItemsPerBatch and MaxInputBytesPerBatch is required", location)
    _check_whole(problems, batcher, "MaxItemsPerBatch", location, language, least=1)
    _check_whole(problems, batcher, "MaxInputBytesPerBatch", location, language, least=1, most=MAX_BATCH_BYTES)
    if "BatchInput" in batcher:
        _check_template(problems, batcher["BatchInput"], f"{location}/BatchInput", language)


def _check_writer(problems: Problems, writer: dict[str, Any], location: str, language: str) -> None:
    problems.known(writer, WRITER, location)
    if not {"Resource", "WriterConfig"} & set(writer):
        problems.add("ResultWriter must have WriterConfig, or Resource and where to write", location)
    if "Resource" in writer:
        _check_s3(problems, writer["Resource"], ("putObject",), f"{location}/Resource")
        problems.require(writer, tuple(TEMPLATES[language]), location)
    _check_templates(problems, writer, location, language)
    config, place = writer.get("WriterConfig"), f"{location}/WriterConfig"
    if config is None:
        return
    if not isinstance(config, dict) or not all(is_text(part) for part in config.values()):
        problems.wrong_type("[OBJECT]", place)
        return
    problems.known(config, WRITER_CONFIG, place)
    if problems.require(config, ("Transformation", "OutputType"), place):
        problems.one_of(config["Transformation"], ("NONE", "COMPACT", "FLATTEN"), f"{place}/Transformation")
        problems.one_of(config["OutputType"], ("JSON", "JSONL"), f"{place}/OutputType")


def _check_s3(problems: Problems, resource: Any, calls: tuple[str, ...], location: str) -> None:
    match = S3.fullmatch(resource) if is_text(resource) else None
    if match is None or match["api"] not in calls:
        problems.add("The field 'Resource' does not match any of the allowed values", location)


def _check_templates(problems: Problems, part: dict[str, Any], location: str, language: str) -> None:
    check_language_fields(problems, part, location, language, TEMPLATES)
    for field in TEMPLATES[language]:
        if field in part:
            _check_template(problems, part[field], f"{location}/{field}", language)


def _check_template(problems: Problems, template: Any, location: str, language: str) -> None:
    (jsonata.check_template if language == "JSONata" else jsonpath.check_payload)(problems, template, location)


def _check_whole(
    problems: Problems,
    part: Mapping[str, Any],
    field: str,
    location: str,
    language: str,
    *,
    least: int = 0,
    most: int | None = None,
) -> None:
    """A number, in JSONata an expression too, in JSONPath a path under the name with Path."""
    problems.at_most_one(part, (field, f"{field}Path"), location)
    if field in part and _is_expression(part[field], language):
        jsonata.check_template(problems, part[field], f"{location}/{field}")
    elif field in part:
        check_whole(problems, part[field], f"{location}/{field}", least=least, most=most)
    if f"{field}Path" in part and language == "JSONPath":
        jsonpath.check_reference_path(problems, part[f"{field}Path"], f"{location}/{field}Path")


def _is_expression(value: Any, language: str) -> bool:
    return language == "JSONata" and expression_in(value) is not None
