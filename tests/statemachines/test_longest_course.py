"""Whoever waits for a release waits longer than it can take."""

from functools import cache
from types import SimpleNamespace

import pytest
from candidate_evidence import real_plan
from pydantic import ValidationError
from state_machine_text import expression, is_expression

from vigil.aws.release_facts import pace
from vigil.change_control.rollout_rules import LONGEST_SHADOW_SECONDS, ShadowRules

#: A failed endpoint's deletion is the one thing that is looked for in a loop: 120 turns of a pause and a look.
LOOP_SECONDS = 120 * (15 + 60)
#: A roll-back may wait for the change of an update that it stopped, three times at most.
WAITS_AGAIN = 2
#: For retries of what passes by itself, and for people's clocks.
SPARE_SECONDS = 3 * 3600
LONGEST_BAKE_SECONDS = 3600


def seconds(state, times):
    """The longest that a state may take."""
    value = state.get("TimeoutSeconds", state.get("Seconds", 0))
    if not is_expression(value):
        return value
    return {
        "$release.pace.limit_seconds + 600": times.limit_seconds + 600,
        "$release.pace.shadow_seconds": times.shadow_seconds,
        "$min([15, 1 + $checks])": 15,
    }[expression(value)]


def longest(machine, times):
    """Of all courses that enter no state twice, each state with its time-out."""

    @cache
    def after(name, entered):
        entered |= {name}
        ways = {following for following, _ in machine.edges(name)} - entered
        rest = max((after(way, entered) for way in ways), default=0)
        return seconds(machine.states[name], times) + rest

    return after(machine.start, frozenset()) + LOOP_SECONDS + WAITS_AGAIN * (times.limit_seconds + 600)


def times(shadow, bake):
    plan = real_plan()
    update = plan.protocol.update
    changed = update.model_copy(
        update={
            "shadow": update.shadow.model_copy(update={"seconds": shadow or update.shadow.seconds}),
            "canary": update.canary.model_copy(update={"bake_seconds": bake or update.canary.bake_seconds}),
        }
    )
    plan = plan.model_copy(update={"protocol": plan.protocol.model_copy(update={"update": changed})})
    unshortened = SimpleNamespace(shadow_seconds=10**9, canary_bake_seconds=10**9)
    return pace(plan, SimpleNamespace(timing=unshortened))


@pytest.mark.parametrize("asking", ["train_and_promote", "roll_back"])
@pytest.mark.parametrize(
    ("shadow", "bake"), [(None, None), (LONGEST_SHADOW_SECONDS, LONGEST_BAKE_SECONDS)], ids=["the plan", "any plan"]
)
def test_a_run_waits_longer_for_its_release_than_that_can_take(request, update_endpoint, asking, shadow, bake):
    limit = request.getfixturevalue(asking).states["UpdateEndpoint"]["TimeoutSeconds"]
    assert longest(update_endpoint, times(shadow, bake)) + SPARE_SECONDS < limit


def test_a_plan_cannot_ask_for_a_longer_shadow_than_is_waited_for():
    rules = real_plan().protocol.update.shadow.model_dump()
    with pytest.raises(ValidationError, match="less than or equal to 604800"):
        ShadowRules(**{**rules, "seconds": LONGEST_SHADOW_SECONDS + 1})
