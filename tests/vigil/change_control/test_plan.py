import json
import subprocess
import sys
from pathlib import Path

import pytest
from triage_cases import plan_with

from vigil.cases.feature_fields import BANNED_FIELDS, FEATURE_FIELDS
from vigil.change_control.plan import Plan, PlanError, load_plan, parse_plan
from vigil.digests import sha256_hex


@pytest.fixture(scope="module")
def text(repository: Path) -> str:
    return (repository / "change_control" / "plan.yaml").read_text()


@pytest.fixture(scope="module")
def plan(text: str) -> Plan:
    return parse_plan(text, "plan.yaml")


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_json_that_jobs_receive_is_the_same_plan(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(plan.to_json())
    assert load_plan(path) == plan
    assert load_plan(path).digest == plan.digest == sha256_hex(path.read_bytes())


def test_comments_and_layout_do_not_change_the_digest_but_a_limit_does(text: str, plan: Plan) -> None:
    assert parse_plan("# another comment\n" + text).digest == plan.digest
    assert parse_plan(text.replace("at_least: 0.86", "at_least: 0.85", 1)).digest != plan.digest


def test_the_plan_bans_what_the_code_bans_and_allows_what_features_are_made_from(plan: Plan) -> None:
    assert {entry.field for entry in plan.features.banned} >= set(BANNED_FIELDS)
    assert set(plan.features.allowed_fields) == set(FEATURE_FIELDS)


def test_every_profile_limits_discrimination_calibration_the_us_slice_and_the_distance_to_the_baseline(
    plan: Plan,
) -> None:
    assert set(plan.protocol.acceptance) == {"full", "openfda-sample", "synthetic"}
    for profile in plan.protocol.acceptance.values():
        newest = [limit for limit in profile.limits if limit.split == "test_next"]
        assert {"auroc", "brier", "calibration_error"} <= {limit.measure for limit in newest}
        assert any(limit.subgroup == "us" and limit.at_least for limit in newest)
        assert any(limit.baseline_margin is not None for limit in newest)


def test_every_role_that_may_sign_is_a_group_of_the_stack_and_nobody_signs_alone(plan: Plan, repository: Path) -> None:
    template = (repository / "infra" / "template.yaml").read_text()
    assert all(f"GroupName: {role}," in template for role in plan.protocol.approval.roles)
    assert plan.protocol.approval.four_eyes


def test_a_limit_never_allows_what_the_leak_alarm_refuses(plan: Plan) -> None:
    for profile in plan.protocol.acceptance.values():
        for limit in profile.limits:
            assert limit.measure != "auroc" or (limit.at_least or 0) < plan.protocol.leak_alarm.auroc


def test_an_error_names_the_line_and_the_field(text: str) -> None:
    broken = text.replace("review_capacity: 0.5", "review_capacity: 1.5")
    with pytest.raises(PlanError) as error:
        parse_plan(broken, "plan.yaml")
    line = line_of(broken, "review_capacity: 1.5")
    assert f"plan.yaml:{line}: modification_protocol.evaluation.review_capacity:" in str(error.value)


def test_an_unknown_field_is_named_with_its_line(text: str) -> None:
    broken = text.replace("  leak_alarm:\n", "  leak_alarm:\n    lenient: true\n")
    with pytest.raises(PlanError, match=rf"plan\.yaml:{line_of(broken, 'lenient')}: .*leak_alarm\.lenient"):
        parse_plan(broken, "plan.yaml")


def test_a_missing_field_is_named_with_the_line_of_its_section(text: str) -> None:
    broken = text.replace("    bootstrap_seed: 20230401\n", "")
    with pytest.raises(PlanError, match=rf"plan\.yaml:{line_of(broken, '  evaluation:')}: .*bootstrap_seed"):
        parse_plan(broken, "plan.yaml")


def test_a_key_given_twice_is_refused(text: str) -> None:
    broken = text.replace('version: "1.0"\n', 'version: "1.0"\nversion: "2.0"\n')
    with pytest.raises(PlanError, match=rf"plan\.yaml:{line_of(broken, 'version: ') + 1}: version: given twice"):
        parse_plan(broken, "plan.yaml")


def test_allowing_a_banned_field_is_refused_by_name(text: str) -> None:
    broken = text.replace("    allowed:\n", '    allowed:\n      - {field: rept_cod, use: "tempting"}\n')
    with pytest.raises(PlanError, match="banned as features: rept_cod"):
        parse_plan(broken, "plan.yaml")


def test_forgetting_to_ban_a_field_is_refused_by_name(text: str) -> None:
    broken = text.replace("      - {field: lit_ref, reason: added after intake}\n", "")
    with pytest.raises(PlanError, match="add lit_ref to banned"):
        parse_plan(broken, "plan.yaml")


@pytest.mark.parametrize("broken", ["", "[1, 2]", "a: [", "\t", "&a [*a]", "{[1]: 2, ? {a: b} : 3}"])
def test_a_text_that_is_no_plan_is_an_error_not_a_crash(broken: str) -> None:
    with pytest.raises(PlanError):
        parse_plan(broken, "plan.yaml")


def test_json_that_is_no_json_is_an_error() -> None:
    with pytest.raises(PlanError):
        parse_plan("{'a': 1}", "plan.json")


def test_two_bounds_for_one_limit_are_refused(plan: Plan) -> None:
    limits = json.loads(plan.to_json())["modification_protocol"]["acceptance"]["full"]["limits"]
    limits[0]["at_most"] = 0.99
    with pytest.raises(ValueError, match="exactly one of"):
        plan_with(**{"modification_protocol.acceptance.full.limits": limits})


def test_plan_and_gate_load_where_numpy_is_not_installed(repository: Path) -> None:
    """Lambda functions import them, and their packages hold no numpy."""
    script = (
        "import sys; sys.modules.update(dict.fromkeys(('numpy', 'scipy', 'xgboost', 'pandas', 'pyarrow', 'boto3')));"
        "import vigil.change_control.gate, vigil.change_control.plan, vigil.models.models"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=repository, timeout=60)


def test_the_plan_promises_no_cool_down_while_nothing_keeps_one(text: str) -> None:
    with pytest.raises(PlanError, match="cool_down_hours"):
        parse_plan(text.replace("  retraining:\n", "  retraining:\n    cool_down_hours: 24\n", 1), "plan.yaml")
