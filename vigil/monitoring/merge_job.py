"""The merge of ground truth as a job of its own: what was captured in a window, with the labels that have come for it.

For people and for other tools; the monitors that need labels merge by themselves, so none of them waits for this.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

from vigil.models.train import Progress
from vigil.monitoring.captured import Selection
from vigil.monitoring.contract import ContractError, MonitorOrder, read_order
from vigil.monitoring.elsewhere import other_hours
from vigil.monitoring.ground_truth import MERGED_FILE, MergeCounts
from vigil.monitoring.jobs import Outside
from vigil.monitoring.report import GROUND_TRUTH
from vigil.monitoring.window_cases import Sources, WindowCases

HOUR = timedelta(hours=1)


def run_merge(environment: Mapping[str, str], outside: Outside, progress: Progress) -> MergeCounts:
    """``merged.jsonl`` and then ``ground_truth.json`` below ``vigil_merged_uri``; what was counted.

    Raises ``ContractError``, and what ``outside`` raises.
    """
    order = read_order(environment)
    if order.merged_uri is None or order.ground_truth_source is None:
        raise ContractError("a merge needs vigil_merged_uri and ground_truth_source: the job's request must set them")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        selection = Selection(order.artefact_digest, order.window)
        with WindowCases(_sources(order, outside), selection, order.window, scratch, scratch) as cases:
            for _ in cases:
                pass
            counts = cases.counted().merge
        if counts is None:
            raise ContractError("Model Monitor has merged these records already: there is nothing to merge")
        (scratch / GROUND_TRUTH).write_bytes(counts.to_json())
        outside.deliver(scratch, [MERGED_FILE, GROUND_TRUTH], order.merged_uri)
    progress(f"{counts.counts.labelled} of {counts.counts.scored} cases labelled, {counts.counts.late} late")
    return counts


def _sources(order: MonitorOrder, outside: Outside) -> Sources:
    start, end, now = order.window.start, order.window.end, outside.now()
    return Sources(
        captured=outside.hours(order.dataset_source, start, end),
        ground_truth=outside.hours(order.ground_truth_source or "", start, now + HOUR),
        elsewhere=other_hours(partial(outside.hours, order.dataset_source), order.window, now),
    )
