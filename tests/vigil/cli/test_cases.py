"""`vigil cases` on an archive, with moto's bucket and an endpoint that is stood in for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from faers_archives import Archive
from moto_stack import MotoStack, moto_stack
from typer.testing import CliRunner

from vigil.aws import environment
from vigil.cli.cases import app
from vigil.monitoring.labels import parse_labels


class Endpoint:
    """Answers as the real one does; ``fail`` counts down requests that fail."""

    def __init__(self) -> None:
        self.requests: dict[str, list[str]] = {}
        self.fail = 0

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        if self.fail:
            self.fail -= 1
            raise ClientError({"Error": {"Code": "ModelError", "Message": "secret"}}, "InvokeEndpoint")
        cases = [case["case_id"] for case in json.loads(request["Body"])["cases"]]
        self.requests[request["InferenceId"]] = cases
        results = [{"case_id": case, "probability": 0.5, "band": "medium"} for case in cases]
        return {"Body": io.BytesIO(json.dumps({"model_digest": "a" * 64, "results": results}).encode())}


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoStack]:
    with moto_stack(monkeypatch) as made:
        yield made


@pytest.fixture
def endpoint(stack: MotoStack, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    made, real = Endpoint(), environment.aws_client
    monkeypatch.setattr(environment, "aws_client", lambda name: made if name == "sagemaker-runtime" else real(name))
    return made


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Archive("2024Q1")
    for case in range(1, 8):
        made.report(case, outcomes=["HO"] if case % 2 else [])
    return made.write(tmp_path_factory.mktemp("archive"))


def run(*arguments: object, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if "--json" in arguments else done.output


def truth(stack: MotoStack) -> dict[str, dict[str, bool]]:
    s3, bucket = stack.client("s3"), stack.parameters.buckets.capture
    found: dict[str, dict[str, bool]] = {}
    for item in s3.list_objects_v2(Bucket=bucket, Prefix="ground-truth/triage/").get("Contents", []):
        for line in s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().splitlines():
            parsed = parse_labels(line)
            assert parsed is not None
            found[parsed[0]] = parsed[1]
    return found


def test_a_quarter_is_scored_in_batches_and_its_labels_find_them(
    stack: MotoStack, endpoint: Endpoint, archive: Path
) -> None:
    told = run("score", archive, "--batch", 3, "--json")
    assert (told["batches"], told["cases"], told["errors"], told["bands"]) == (3, 7, {}, {"medium": 7})
    assert run("labels", archive, "--batch", 3, "--json")["labels"] == 7
    found = truth(stack)
    assert {identity: sorted(known) for identity, known in found.items()} == {
        identity: sorted(cases) for identity, cases in endpoint.requests.items()
    }
    assert {case: serious for known in found.values() for case, serious in known.items()} == {
        str(case): case % 2 == 1 for case in range(1, 8)
    }


def test_a_part_of_a_quarter_is_a_part(stack: MotoStack, endpoint: Endpoint, archive: Path) -> None:
    run("score", archive, "--start", 2, "--count", 3, "--batch", 2, "--json")
    assert [case for cases in endpoint.requests.values() for case in cases] == ["3", "4", "5"]
    run("labels", archive, "--start", 2, "--count", 3, "--batch", 2)
    assert set(truth(stack)) == set(endpoint.requests)


def test_a_batch_that_fails_is_counted_the_others_go_on_and_no_content_is_shown(
    endpoint: Endpoint, archive: Path
) -> None:
    endpoint.fail = 1
    output = run("score", archive, "--batch", 3, code=1)
    assert "ModelError 1" in output and "secret" not in output
    assert len(endpoint.requests) == 2


def test_labels_that_arrive_later_lie_in_the_folder_of_that_hour(stack: MotoStack, archive: Path) -> None:
    now = run("labels", archive, "--json")["place"]
    later = run("labels", archive, "--late", 24, "--json")["place"]
    assert now.rpartition("/")[2] == later.rpartition("/")[2]
    assert later > now


def test_labels_of_another_system_are_grouped_by_request_and_sent_once(stack: MotoStack, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    lines = [{"inference_id": "r", "case_id": str(case), "serious": case == 1} for case in (1, 2)]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    first, second = (run("labels", "--file", file, "--json") for _ in range(2))
    assert (first["requests"], first["labels"]) == (1, 2)
    assert first["place"].rpartition("/")[2] == second["place"].rpartition("/")[2]
    assert truth(stack) == {"r": {"1": True, "2": False}}


def test_a_bad_line_sends_nothing_and_is_named(stack: MotoStack, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text('{"inference_id": "r", "case_id": "1", "serious": true}\n{"case_id": "2", "serious": true}\n')
    assert "line 2: inference_id: Field required" in run("labels", "--file", file, code=1)
    assert truth(stack) == {}


def test_an_archive_and_a_file_at_once_or_neither_is_a_mistake(archive: Path, tmp_path: Path) -> None:
    run("labels", code=2)
    run("labels", archive, "--file", tmp_path / "x", code=2)


def test_a_bad_archive_is_one_line_of_error(endpoint: Endpoint, tmp_path: Path) -> None:
    output = run("score", tmp_path / "nothing.zip", code=1)
    assert "vigil cases score: " in output and "does not exist" in output
