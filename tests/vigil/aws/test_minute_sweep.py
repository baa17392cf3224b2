from vigil.aws.minute_sweep import failures, has_failed, run_each


def broken():
    raise OSError


def test_a_part_in_which_something_failed_counts_as_failed_too():
    done = run_each(
        {"well": lambda: {"apr-1": "delivered"}, "inner": lambda: {"apr-2": "failed: KmsError"}, "all": broken}
    )
    assert failures(done) == ["inner", "all"]
    assert [has_failed(done[name]) for name in done] == [False, True, True]


def test_a_failure_among_several_steps_of_a_request_is_seen():
    assert has_failed({"apr-1": "reminded, failed: OSError"})
