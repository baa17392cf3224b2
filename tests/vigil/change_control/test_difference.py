"""Two versions of the plan, line by line: what changed is named where it stands, and nothing else."""

from __future__ import annotations

import random
from typing import Any

import pytest
from candidate_evidence import real_plan

from vigil.change_control.difference import differences
from vigil.change_control.models import Plan


def changed(**paths: Any) -> Plan:
    """The real plan with other values; ``__`` stands between the names of a path."""
    document = real_plan().model_dump(mode="json")
    for path, value in paths.items():
        *parents, last = path.split("__")
        holder = document
        for name in parents:
            holder = holder[name]
        holder[last] = value
    return Plan.model_validate(document)


def test_the_same_plan_has_no_difference():
    assert differences(real_plan(), real_plan()) == []


def test_a_changed_value_is_named_with_both():
    (found,) = differences(real_plan(), changed(modification_protocol__bands__high=0.8))
    assert (found.where, found.before, found.after) == ("modification_protocol.bands.high", "0.7", "0.8")


def test_a_line_that_was_added_or_taken_away_has_one_side():
    seats = real_plan().model_dump(mode="json")["modification_protocol"]["approval"]["signatures"]
    found = differences(real_plan(), changed(modification_protocol__approval__signatures=seats[1:]))
    assert {(each.where.rpartition(".")[0], each.after) for each in found} == {
        ("modification_protocol.approval.signatures.quality-assurance", None)
    }
    back = differences(changed(modification_protocol__approval__signatures=seats[1:]), real_plan())
    assert all(each.before is None for each in back) and len(back) == len(found)


def test_entries_in_another_order_are_compared_with_themselves():
    limits = real_plan().model_dump(mode="json")["modification_protocol"]["acceptance"]["full"]["limits"]
    random.Random(1).shuffle(limits)
    limits[0] = limits[0] | {"reason": "another"}
    (found,) = differences(real_plan(), changed(modification_protocol__acceptance__full__limits=limits))
    assert found.where.endswith(f"limits.{limits[0]['name']}.reason")


def test_a_change_of_order_alone_is_told():
    limits = real_plan().model_dump(mode="json")["modification_protocol"]["acceptance"]["full"]["limits"]
    (found,) = differences(real_plan(), changed(modification_protocol__acceptance__full__limits=limits[::-1]))
    assert found.where == "the order of entries"


def test_two_entries_of_one_name_do_not_hide_each_other():
    risks = [{"risk": "one", "mitigation": "first"}, {"risk": "one", "mitigation": "second"}]
    other = [risks[0] | {"mitigation": "changed"}, risks[1]]
    (found,) = differences(changed(impact_assessment__risks=risks), changed(impact_assessment__risks=other))
    assert (found.before, found.after) == ("first", "changed")


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_whatever_changes_the_digest_is_a_difference(version):
    other = changed(version=version)
    assert other.digest != real_plan().digest and differences(real_plan(), other)
