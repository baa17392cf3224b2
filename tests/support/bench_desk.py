"""The desk over a bench in memory, asked as the real one is: every question and answer crosses the wire as JSON."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

from approval_bench import Bench
from dossier_bench import FakeDatasets

from vigil.approvals.desk_service import DeskService
from vigil.approvals.desk_wire import serve
from vigil.approvals.dossier_build import build_dossier
from vigil.approvals.dossier_ports import DossierPorts
from vigil.aws.desk_client import LambdaDesk


@dataclass
class BenchFunction:
    """Looks like a boto3 Lambda client whose one function is the desk; keeps what it was asked."""

    bench: Bench
    datasets: FakeDatasets = field(default_factory=FakeDatasets)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 -- boto3's names
        event = json.loads(Payload)
        self.asked.append(event)
        bench = self.bench
        ports = DossierPorts(bench.store, bench.evidence, bench.signer, bench.serving, self.datasets)
        service = DeskService(bench.signing, lambda request: build_dossier(request, ports))
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(serve(event, service)).encode())}


def desk_of(bench: Bench) -> LambdaDesk:
    return LambdaDesk(BenchFunction(bench), "desk")
