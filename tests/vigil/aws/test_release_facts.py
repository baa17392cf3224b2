from candidate_evidence import real_plan

from vigil.aws.release_facts import champion, pace

SERVING = {
    "active_package": "arn:of:package/1", "run_key": "0" * 12, "artefact_digest": "b" * 64, "model_name": "m",
    "config_name": "c", "execution_arn": "update-1",
}  # fmt: skip


def at(stack, shadow, bake):
    timing = stack.parameters.timing.model_copy(update={"shadow_seconds": shadow, "canary_bake_seconds": bake})
    return pace(real_plan(), stack.parameters.model_copy(update={"timing": timing}))


def test_a_stack_may_shorten_the_plans_times_and_never_lengthen_them(stack):
    rules = real_plan().protocol.update
    quick, slow = at(stack, 10, 20), at(stack, 10**6, 3600)
    assert (quick.shadow_seconds, quick.bake_seconds, quick.termination_seconds) == (10, 20, 20)
    assert (slow.shadow_seconds, slow.bake_seconds) == (rules.shadow.seconds, rules.canary.bake_seconds)
    assert slow.canary_percent == rules.canary.percent
    assert 600 <= quick.limit_seconds <= slow.limit_seconds <= 28_800


def test_the_champion_is_what_is_recorded_and_an_old_record_lacks_only_the_address():
    assert champion({}, "models") is None
    assert champion(SERVING, "models").artefact_uri == f"s3://models/artefacts/{'b' * 64}/model.tar.gz"
    assert champion({**SERVING, "artefact_uri": "s3://m/x"}, "models").artefact_uri == "s3://m/x"
