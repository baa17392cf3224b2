"""An event about a window is believed as far as the report that the monitor wrote says the same."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from drift_cases import BASELINE, NOW, SERVING, report, violation, week
from moto_stack import MotoStack

from vigil.aws import monitoring_places
from vigil.aws.objects import put_bytes
from vigil.aws.window_documents import WindowDocumentError, read_window
from vigil.monitoring.models import Monitor, WindowReport, WindowStatus

LATER = NOW + timedelta(hours=1)


class World:
    def __init__(self, stack: MotoStack) -> None:
        self.parameters, self.s3 = stack.parameters, stack.client("s3")
        self.serving = {"artefact_digest": SERVING, "baseline_digest": BASELINE, "plan_digest": report().plan_digest}

    def window(self, **changes: Any) -> WindowReport:
        endpoint = self.parameters.sagemaker.endpoint
        folder = monitoring_places.report(self.parameters, endpoint, Monitor.DATA_QUALITY, week())
        return report(**{"endpoint": endpoint, "report_uri": str(folder), **changes})

    def write(self, found: WindowReport) -> bytes:
        content = found.model_dump_json().encode()
        endpoint = self.parameters.sagemaker.endpoint
        folder = monitoring_places.report(self.parameters, endpoint, Monitor.DATA_QUALITY, week())
        put_bytes(content, folder / "window.json", self.s3)
        return content

    def read(self, told: WindowReport) -> tuple[WindowReport, str]:
        return read_window(told.told(), self.parameters, self.s3, self.serving)


@pytest.fixture
def world(stack: MotoStack) -> World:
    return World(stack)


def test_the_whole_report_is_read_and_pinned_by_its_bytes(world: World) -> None:
    written = world.window(violations=130)
    content = world.write(written)
    assert world.read(written) == (written, hashlib.sha256(content).hexdigest())


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"status": WindowStatus.OK}, "otherwise than its event: status"),
    ({"violation_count": 2}, "violation_count"),
    ({"violations": 4}, "violation_count"),
    ({"violations": (violation("a"), violation("b"), violation("c")), "violation_count": 3}, "violations"),
    ({"baseline_digest": "9" * 64}, "baseline_digest"),
    ({"plan_digest": "9" * 64}, "plan_digest"),
    ({"artefact_digest": "9" * 64}, "artefact_digest"),
    ({"cases": 1}, "cases"),
    ({"finished_at": LATER}, "finished_at"),
    ({"report_uri": "s3://elsewhere/reports/x/"}, "outside of"),
    ({"monitor": Monitor.BIAS}, "outside of"),
    ({"window": week(1)}, "outside of"),
    ({"endpoint": "another"}, "outside of"),
]


@pytest.mark.parametrize(("forged", "named"), CONTRADICTIONS, ids=[",".join(each[0]) for each in CONTRADICTIONS])
def test_an_event_that_contradicts_its_report_is_refused(world: World, forged: dict[str, Any], named: str) -> None:
    world.write(world.window())
    event = world.window(**forged) if forged == {"violations": 4} else world.window().model_copy(update=forged)
    with pytest.raises(WindowDocumentError, match=named):
        world.read(event)


def test_a_report_in_a_folder_of_another_window_is_refused(world: World) -> None:
    world.write(world.window(window=week(1)))
    with pytest.raises(WindowDocumentError, match="window"):
        world.read(world.window())


@pytest.mark.parametrize("pinned", ["baseline_digest", "plan_digest"])
def test_a_report_against_another_baseline_or_plan_than_the_release_pinned_is_refused(
    world: World, pinned: str
) -> None:
    forged = world.window(**{pinned: "9" * 64})
    world.write(forged)
    with pytest.raises(WindowDocumentError, match=f"another {pinned} than the model in service"):
        world.read(forged)
    world.serving["artefact_digest"] = "7" * 64  # of a model that is gone nothing is pinned here
    assert world.read(forged)[0] == forged


def test_a_later_look_at_the_same_window_counts_instead_of_what_the_event_told(world: World) -> None:
    again = world.window(violations=5, finished_at=LATER)
    world.write(again)
    assert world.read(world.window())[0] == again


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff"])
def test_a_report_that_is_missing_or_unreadable_is_named(world: World, content: bytes | None) -> None:
    if content is not None:
        folder = monitoring_places.report(
            world.parameters, world.parameters.sagemaker.endpoint, Monitor.DATA_QUALITY, week()
        )
        put_bytes(content, folder / "window.json", world.s3)
    with pytest.raises(WindowDocumentError, match=r"window\.json cannot be read"):
        world.read(world.window())
