import pytest

from vigil.change_control.rollout_rules import PairedTestRules, ShadowRules
from vigil.change_control.shadow import ShadowFindings, judge_shadow
from vigil.models.models import Measure

RULES = ShadowRules(
    seconds=60, minimum_requests=20, largest_error_share=0.01, largest_latency_ratio=2.0, largest_mean_difference=0.2,
    reason="a test",
)  # fmt: skip
PAIRED = PairedTestRules(split="test_next", margin=0.01, reason="a test")
GOOD = {
    "requests": 100, "errors": 1, "champion_latency": 1000.0, "challenger_latency": 2000.0, "pairs": 99, "cases": 500,
    "mean_difference": 0.2, "labelled": 0, "auroc_difference": None,
}  # fmt: skip


def judged(**changes):
    return judge_shadow(ShadowFindings(**{**GOOD, **changes}), RULES, PAIRED)


def test_a_challenger_at_every_limit_passes():
    assert judged().verdict == "passed"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"errors": 2}, "2 of 100 requests failed"),
        ({"requests": 20, "errors": 20, "pairs": 0, "cases": 0, "mean_difference": None}, "20 of 20 requests failed"),
        ({"challenger_latency": 2001.0}, "2.00 times as long"),
        ({"mean_difference": 0.201}, "off the champion's by 0.201"),
        ({"labelled": 90, "auroc_difference": Measure(value=-0.1, low=-0.2, high=-0.02)}, "90 labelled cases"),
    ],
    ids=["errors", "nothing but errors", "slow", "another scale", "labels"],
)
def test_beyond_one_limit_it_is_turned_away_and_the_reason_says_which(changes, words):
    found = judged(**changes)
    assert found.verdict == "turned-away"
    assert words in found.reason


def test_every_broken_limit_is_named():
    assert judged(errors=50, challenger_latency=9000.0, mean_difference=0.9).reason.count(";") == 2


def test_with_too_few_requests_nothing_is_judged_however_bad():
    found = judged(requests=19, errors=19)
    assert found.verdict == "not-judged"
    assert "19 requests" in found.reason


def test_labels_that_prove_nothing_do_not_decide():
    assert judged(labelled=9, auroc_difference=Measure(value=-0.3, low=-0.7, high=0.1)).verdict == "passed"
    assert judged(labelled=1, auroc_difference=Measure(value=None, low=None, high=None)).verdict == "passed"


def test_a_latency_that_nobody_measured_is_not_judged_and_that_is_said():
    found = judged(champion_latency=None)
    assert (found.verdict, "its latency was not measured" in found.reason) == ("passed", True)


def test_a_challenger_of_which_no_answer_was_compared_is_not_judged():
    found = judge_shadow(ShadowFindings(requests=500, errors=0), RULES, PAIRED)
    assert found.verdict == "not-judged"
    assert "only 0 answers (0 cases) could be compared" in found.reason


def test_answers_that_cannot_be_read_are_failed_requests():
    found = judged(errors=0, unreadable=50, pairs=0, cases=0, mean_difference=None)
    assert (found.verdict, "50 of 100 requests failed" in found.reason) == ("turned-away", True)
