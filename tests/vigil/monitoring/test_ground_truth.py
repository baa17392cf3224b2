"""Ground truth is joined by inference id and case id, and whatever becomes of a label is counted.

The record: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from captured_cases import DIGEST, OTHER_DIGEST, START, WINDOW, capture_line, hour_file, label_line, report
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.monitoring.captured import Selection, SourceFile
from vigil.monitoring.findings import ScoredCase
from vigil.monitoring.ground_truth import Merge, MergeCounts, PlatformMerge
from vigil.monitoring.labels import Labels, hour_of_name, parse_labels
from vigil.monitoring.models import LabelCounts

LATE = WINDOW.end


def merged(
    folder: Path,
    captured: Iterable[SourceFile],
    labels: Iterable[SourceFile],
    elsewhere: Iterable[SourceFile] = (),
) -> tuple[MergeCounts, list[ScoredCase], list[dict[str, object]]]:
    target = io.StringIO()
    with Labels(folder) as kept:
        kept.read(labels, WINDOW.end)
        merge = Merge(WINDOW, Selection(DIGEST, WINDOW), kept, target, elsewhere)
        cases = list(merge.cases(captured))
        return merge.counts(), cases, [json.loads(line) for line in target.getvalue().splitlines()]


def test_ground_truth_late_duplicate_contradictory_for_unknown_inferences_is_counted_and_reported(
    tmp_path: Path,
) -> None:
    captured = hour_file(
        tmp_path / "captured",
        START,
        [
            capture_line([report("1"), report("2"), report("3")]),
            capture_line([report("4")], inference_id="request-2"),
            capture_line([report("1"), report("2"), report("3")], shadow=True),  # of the same request, and after it
            capture_line([report("9")], inference_id="old-model", digest=OTHER_DIGEST),
        ],
    )
    folder = tmp_path / "labels"
    in_time = hour_file(
        folder,
        START,
        [
            label_line("request-1", {"1": True, "2": False}),
            label_line("request-1", {"1": True}),  # duplicate
            label_line("nobody", {"1": True, "2": True}),  # no such inference
            label_line("request-2", {"5": True}),  # no such case in it
            label_line("old-model", {"9": True}),  # captured, though it does not count here
            "damaged",
            json.dumps(
                {"groundTruthData": {"data": '{"1": 1}', "encoding": "JSON"}, "eventMetadata": {"eventId": "x"}}
            ),
        ],
    )
    late = hour_file(folder, LATE, [label_line("request-1", {"2": True, "3": False})])  # 2 contradicts what was said
    counts, cases, lines = merged(tmp_path, [captured], [in_time, late])
    assert counts.counts == LabelCounts(
        scored=4, labelled=3, late=2, duplicate=1, contradictory=1, unknown=3, unreadable=2
    )
    assert (counts.statements, counts.labels, counts.elsewhere) == (9, 7, 1)
    assert counts.counts.coverage == 0.75
    assert {case.report.case_id: case.serious for case in cases} == {"1": True, "2": True, "3": False, "4": None}
    told = json.loads(counts.to_json())
    assert told["counts"]["contradictory"] == 1 and told["coverage"] == 0.75
    assert [json.loads(line["groundTruthData"]["data"]) for line in lines] == [{"1": True, "2": True, "3": False}]  # type: ignore[index]
    assert lines[0]["captureData"] == json.loads(capture_line([report("1"), report("2"), report("3")]))["captureData"]


def test_a_label_for_a_case_of_another_window_is_not_unknown(tmp_path: Path) -> None:
    captured = hour_file(tmp_path / "captured", START, [capture_line([report("1")])])
    before = START - timedelta(days=3)
    other = hour_file(tmp_path / "other", before, [capture_line([report("7")], inference_id="older", moment=before)])
    labels = hour_file(tmp_path / "labels", START, [label_line("older", {"7": True, "8": True})])
    counts, _, _ = merged(tmp_path, [captured], [labels], [other])
    assert (counts.elsewhere, counts.counts.unknown, counts.counts.labelled) == (1, 1, 0)


def test_the_other_windows_are_not_read_while_every_label_has_its_case(tmp_path: Path) -> None:
    def unread() -> Iterable[SourceFile]:
        raise AssertionError("nothing to look for")
        yield

    captured = hour_file(tmp_path / "captured", START, [capture_line([report("1")])])
    labels = hour_file(tmp_path / "labels", START, [label_line("request-1", {"1": True})])
    assert merged(tmp_path, [captured], [labels], unread())[0].counts.labelled == 1


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"1": True}, True),
        ({}, False),
        ({"1": "yes"}, False),
        ({"1": 1}, False),
        ({"1": None}, False),
        ([True], False),
    ],
)
def test_a_label_is_yes_or_no(record: object, expected: bool) -> None:
    data = {"data": json.dumps(record), "encoding": "JSON"}
    line = json.dumps({"groundTruthData": data, "eventMetadata": {"eventId": "request-1"}})
    assert (parse_labels(line.encode()) is not None) is expected


def test_a_case_told_twice_in_one_record_makes_it_unreadable() -> None:
    line = label_line("request-1", {"1": True}).replace(r"{\"1\": true}", r"{\"1\": true, \"1\": false}")
    assert parse_labels(line.encode()) is None


def test_records_merged_by_the_platform_bring_their_labels(tmp_path: Path) -> None:
    record = json.loads(capture_line([report("1"), report("2")]))
    good = {**record, "groundTruthData": {"data": '{"1": true, "8": false}', "encoding": "JSON"}}
    lines = [json.dumps(good), json.dumps({**record, "groundTruthData": {"data": "?", "encoding": "JSON"}})]
    unlabelled = capture_line([report("5"), report("6")], inference_id="request-2")  # not among what was merged
    captured = [hour_file(tmp_path / "captured", START, [json.dumps(record), json.dumps(record), unlabelled])]
    merge = PlatformMerge(Selection(DIGEST, WINDOW), captured)
    cases = list(merge.cases([hour_file(tmp_path, START, lines)]))
    assert [case.serious for case in cases] == [True, None, None, None]
    counts = merge.counts()
    assert counts.merged_by_platform
    assert counts.counts == LabelCounts(scored=6, labelled=1, unknown=1, unreadable=1)


def test_the_share_with_labels_is_not_known_of_records_that_the_platform_merged_alone(tmp_path: Path) -> None:
    record = json.loads(capture_line([report("1")]))
    good = {**record, "groundTruthData": {"data": '{"1": true}', "encoding": "JSON"}}
    merge = PlatformMerge(Selection(DIGEST, WINDOW))
    assert len(list(merge.cases([hour_file(tmp_path, START, [json.dumps(good)])]))) == 1
    assert (merge.counts().counts.labelled, merge.counts().counts.coverage) == (1, None)


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("2026/11/26/05/a.jsonl", START),
        ("champion/2026/11/26/05/a.jsonl", START),
        ("2026/13/26/05/a.jsonl", None),
        ("a.jsonl", None),
    ],
)
def test_the_hour_of_arrival_is_that_of_the_folder(name: str, hour: datetime | None) -> None:
    assert hour_of_name(name) == hour


REQUESTS = {"request-1": ["1", "2"], "request-2": ["3"]}
statements = st.tuples(
    st.sampled_from(["request-1", "request-2", "nobody"]), st.sampled_from(["1", "2", "3"]), st.booleans()
)


def label_files(folder: Path, files: list[list[tuple[str, str, bool]]]) -> list[SourceFile]:
    return [
        hour_file(folder, START, [label_line(request, {case: serious}) for request, case, serious in said], f"part-{n}")
        for n, said in enumerate(files)
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(statements, max_size=5), max_size=4), st.randoms(use_true_random=False))
def test_counts_add_up_and_only_contradictions_depend_on_the_order_of_arrival(
    files: list[list[tuple[str, str, bool]]], random: object
) -> None:
    results = []
    for shuffle in (False, True):
        with TemporaryDirectory() as name:
            folder = Path(name)
            requests = [capture_line([report(c) for c in cases], inference_id=r) for r, cases in REQUESTS.items()]
            captured = hour_file(folder / "captured", START, requests)
            written = label_files(folder / "labels", files)
            if shuffle:
                random.shuffle(written)  # type: ignore[attr-defined]
            results.append((*merged(folder, [captured], written)[:2], [file.name for file in written]))
    (counts, cases, _), (again, others, _) = results
    assert counts == again
    assert counts.statements == sum(len(said) for said in files)
    assert counts.statements == counts.labels + counts.counts.duplicate + counts.counts.contradictory
    assert counts.labels == counts.counts.labelled + counts.elsewhere + counts.counts.unknown
    said: dict[tuple[str, str], set[bool]] = {}
    for request, case, serious in (one for file in files for one in file):
        said.setdefault((request, case), set()).add(serious)
    for mine, theirs in zip(cases, others, strict=True):
        if len(said.get((mine.inference_id, mine.report.case_id), set())) < 2:
            assert mine.serious == theirs.serious
