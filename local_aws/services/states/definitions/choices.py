"""Checks of the rules of a Choice state.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

from typing import Any

from local_aws.services.states.definitions import jsonata, jsonpath
from local_aws.services.states.definitions.fields import check_language_fields
from local_aws.services.states.definitions.problems import Problems
from local_aws.services.states.definitions.values import check_text, is_number
from local_aws.services.states.languages.choice_rules import MATCHES, OPERATORS, PRESENT, TESTS
from local_aws.services.states.languages.expressions import expression_in
from local_aws.services.states.languages.timestamps import seconds_of

FORMS = ("And", "Or", "Not", "Variable", "Condition")
TOP = frozenset({"Next", "Comment", "Assign"})
JSONATA_RULE = TOP | {"Condition", "Output"}
ONLY = {
    "JSONata": frozenset({"Condition", "Output"}),
    "JSONPath": frozenset({"And", "Or", "Not", "Variable"}) | OPERATORS,
}


def check_rules(problems: Problems, rules: Any, location: str, language: str, outer: frozenset[str]) -> None:
    if not isinstance(rules, list):
        problems.wrong_type("[ARRAY]", location)
        return
    if not rules:
        problems.add("Value cannot be empty", location)
    for index, rule in enumerate(rules):
        place = f"{location}[{index}]"
        if not isinstance(rule, dict):
            problems.wrong_type("[OBJECT]", place)
            continue
        problems.known(rule, TOP | ONLY["JSONata"] | ONLY["JSONPath"], place)
        check_language_fields(problems, rule, place, language, ONLY)
        if language == "JSONata":
            _check_condition(problems, rule, place, outer)
            continue
        problems.require(rule, ("Next",), place)
        _check_test(problems, {field: part for field, part in rule.items() if field not in TOP}, place)
        if "Assign" in rule:
            jsonpath.check_assign(problems, rule["Assign"], f"{place}/Assign", outer)


def _check_condition(problems: Problems, rule: dict[str, Any], location: str, outer: frozenset[str]) -> None:
    problems.require(rule, ("Condition", "Next"), location)
    condition = rule.get("Condition", True)
    if expression_in(condition) is None and not isinstance(condition, bool):
        problems.add("Value is not a JSONata expression or a boolean", f"{location}/Condition")
    jsonata.check_template(problems, condition, f"{location}/Condition")
    if "Output" in rule:
        jsonata.check_template(problems, rule["Output"], f"{location}/Output")
    if "Assign" in rule:
        jsonata.check_assign(problems, rule["Assign"], f"{location}/Assign", outer)


def _check_test(problems: Problems, test: Any, location: str) -> None:
    """A rule without what only the outermost has, or a part of And, Or and Not."""
    if not isinstance(test, dict):
        problems.wrong_type("[OBJECT]", location)
        return
    forms = [field for field in FORMS if field in test]
    if len(forms) != 1:
        problems.add(f"The object must have only one of the following fields, [{', '.join(FORMS)}]", location)
        return
    form = forms[0]
    if form == "Variable":
        _check_comparison(problems, test, location)
    elif form == "Not":
        _check_inner(problems, test["Not"], f"{location}/Not")
    elif form in ("And", "Or"):
        parts = test[form]
        if not isinstance(parts, list):
            problems.wrong_type("[ARRAY]", f"{location}/{form}")
        elif not parts:
            problems.add("Value cannot be empty", f"{location}/{form}")
        for index, part in enumerate(parts if isinstance(parts, list) else []):
            _check_inner(problems, part, f"{location}/{form}[{index}]")


def _check_inner(problems: Problems, test: Any, location: str) -> None:
    if isinstance(test, dict):
        problems.known(test, ONLY["JSONPath"] | {"Comment"}, location)
    _check_test(problems, test, location)


def _check_comparison(problems: Problems, test: dict[str, Any], location: str) -> None:
    jsonpath.check_reference_path(problems, test["Variable"], f"{location}/Variable")
    names = [field for field in test if field in OPERATORS]
    if len(names) > 1:
        problems.add(f"There should only be one of the following fields: [{', '.join(names)}]", location)
    elif not names:
        problems.add("This object should have one comparison operator", location)
    for name in names:
        _check_operand(problems, name, test[name], f"{location}/{name}")


def _check_operand(problems: Problems, name: str, value: Any, location: str) -> None:
    if name.endswith("Path"):
        jsonpath.check_reference_path(problems, value, location)
    elif name in TESTS or name == PRESENT or name == "BooleanEquals":
        if not isinstance(value, bool):
            problems.wrong_type("[BOOLEAN]", location)
    elif name == MATCHES or name.startswith("String"):
        check_text(problems, value, location)
        jsonpath.warn_of_missing_path(problems, value, name, location)
    elif name.startswith("Numeric"):
        if not is_number(value):
            problems.wrong_type("Number", location)
    elif check_text(problems, value, location) and seconds_of(value) is None:
        problems.add("String does not match RFC3339 timestamp", location)
