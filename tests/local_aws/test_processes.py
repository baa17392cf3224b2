"""Children are really ended, never anybody else's; /opt/ml is theirs alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws import process_table
from local_aws.processes import REGISTRY, ProcessStartError, Supervisor, kill_registered
from local_aws.store import Store

ENVIRONMENT = {"PATH": os.defpath}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state.sqlite3")


@pytest.fixture
def supervisor(store: Store) -> Iterator[Supervisor]:
    made = Supervisor(store)
    yield made
    made.stop_all(1)


def start(supervisor: Supervisor, folder: Path, script: str, **options: Any) -> Any:
    return supervisor.start(
        "test", ["/bin/sh", "-c", script], cwd=folder, env=ENVIRONMENT, log=folder / "log", **options
    )


def test_exit_code_output_and_input(supervisor: Supervisor, tmp_path: Path) -> None:
    process = start(supervisor, tmp_path, "cat; echo problem >&2; exit 3", stdin=b"given\n")
    assert process.wait(30) == 3
    assert (tmp_path / "log").read_text() == "given\nproblem\n"


def test_child_sees_only_the_environment_it_is_given(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    start(supervisor, tmp_path, "env").wait(30)
    assert "SECRET_OF_THE_SERVER" not in (tmp_path / "log").read_text()


def test_wait_gives_up_while_the_child_runs(supervisor: Supervisor, tmp_path: Path) -> None:
    process = start(supervisor, tmp_path, "sleep 60")
    with pytest.raises(TimeoutError, match=r"still runs after 0\.05 s"):
        process.wait(0.05)
    assert process.poll() is None


def test_terminate_ends_the_whole_group(supervisor: Supervisor, tmp_path: Path) -> None:
    process = start(supervisor, tmp_path, "sleep 60 & sleep 60 & wait")
    assert process.terminate(30) == -signal.SIGTERM
    assert process_table.await_end(process.pid, 30)


def test_child_that_ignores_sigterm_is_killed_after_the_grace(
    supervisor: Supervisor, tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    process = start(supervisor, tmp_path, "trap '' TERM; touch ready; while :; do sleep 1; done")
    eventually(lambda: (tmp_path / "ready").exists())
    started = time.monotonic()
    assert process.terminate(0.3) == -signal.SIGKILL
    assert 0.3 <= time.monotonic() - started < 30


def test_leader_that_exits_takes_its_group_along(supervisor: Supervisor, tmp_path: Path) -> None:
    process = start(supervisor, tmp_path, "sleep 60 & exit 0")
    assert process.wait(30) == 0
    assert process_table.await_end(process.pid, 30)


def test_registered_only_while_it_runs(supervisor: Supervisor, store: Store, tmp_path: Path) -> None:
    process = start(supervisor, tmp_path, "sleep 60")
    assert store.get(REGISTRY, str(process.pid)) is not None
    process.kill()
    assert store.get(REGISTRY, str(process.pid)) is None


def test_missing_program_is_named(supervisor: Supervisor, tmp_path: Path) -> None:
    process = supervisor.start("test", ["/no/such"], cwd=tmp_path, env=ENVIRONMENT, log=tmp_path / "log")
    assert process.wait(30) == 125
    assert "/no/such" in (tmp_path / "log").read_text()


def test_no_child_starts_after_stop(store: Store, tmp_path: Path) -> None:
    supervisor = Supervisor(store)
    supervisor.stop_all(1)
    with pytest.raises(ProcessStartError, match="stopping"):
        start(supervisor, tmp_path, "true")


def test_leftovers_of_a_killed_server_are_ended_on_start(tmp_path: Path, eventually: Callable[..., Any]) -> None:
    """The child of a killed server dies with it; what that child started is found by its group."""
    program = f"""
        import os
        from pathlib import Path
        from local_aws.store import Store
        from local_aws.processes import Supervisor
        folder = Path({str(tmp_path)!r})
        supervisor = Supervisor(Store(folder / "state.sqlite3"), allow_mounts=False)
        process = supervisor.start("left", ["/bin/sh", "-c", "sleep 60 & echo $! > grandchild; wait"], cwd=folder,
                                   env={ENVIRONMENT!r}, log=folder / "log")
        while not (folder / "grandchild").exists() or not (folder / "grandchild").read_text(): pass
        print(process.pid)
        os.kill(os.getpid(), 9)
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60)
    group = int(run.stdout)
    eventually(lambda: group not in [one.pid for one in process_table.members(group)], 30)
    assert process_table.members(group), "the grandchild should still run"
    Supervisor(Store(tmp_path / "state.sqlite3"), allow_mounts=False)
    assert not process_table.members(group)


def test_reused_pid_is_never_hit(store: Store, tmp_path: Path) -> None:
    """A registered pid that now belongs to a process with another start time is left alone."""
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        started = process_table.start_time(bystander.pid)
        assert started is not None
        entry = {"name": "old", "started": started - 1, "boot": process_table.boot_id(), "mark": "m"}
        store.put(REGISTRY, str(bystander.pid), entry)
        assert kill_registered(store) == []
        assert bystander.poll() is None
        assert store.list(REGISTRY) == []
    finally:
        bystander.kill()
        bystander.wait(30)


def test_registration_from_before_a_reboot_is_ignored(store: Store) -> None:
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        started = process_table.start_time(bystander.pid)
        store.put(REGISTRY, str(bystander.pid), {"name": "old", "started": started, "boot": "other", "mark": "m"})
        assert kill_registered(store) == []
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait(30)


def test_each_child_has_an_opt_ml_of_its_own(supervisor: Supervisor, tmp_path: Path) -> None:
    if not supervisor.mounts_opt_ml:
        pytest.skip("this machine allows no private mounts")
    processes = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        script = f"echo {name} > /opt/ml/mine; sleep 0.2; cat /opt/ml/mine > seen-{name}"
        processes.append(start(supervisor, tmp_path, script, opt_ml=tmp_path / name))
    assert [process.wait(30) for process in processes] == [0, 0]
    assert [(tmp_path / f"seen-{name}").read_text() for name in ("one", "two")] == ["one\n", "two\n"]
    assert not Path("/opt/ml/mine").exists()


def test_without_mounts_the_folder_is_an_argument(store: Store, tmp_path: Path) -> None:
    supervisor = Supervisor(store, allow_mounts=False)
    script = tmp_path / "show.sh"
    script.write_text("#!/bin/sh\necho $@\n")
    script.chmod(0o755)
    process = supervisor.start(
        "job", [str(script), "train"], cwd=tmp_path, env=ENVIRONMENT, log=tmp_path / "log", opt_ml=tmp_path / "ml"
    )
    assert process.wait(30) == 0
    assert (tmp_path / "log").read_text() == f"train --root {tmp_path / 'ml'}\n"
    supervisor.stop_all(1)
