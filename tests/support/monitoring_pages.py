"""The Monitoring and Models pages in front of readers in memory, and users of Airflow that a test signs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from airflow.api_fastapi.core_api.security import get_user
from approval_pages import ORIGIN, SECRET
from fastapi import FastAPI
from fastapi.testclient import TestClient
from monitoring_examples import NOW, FakeReader
from vigil_airflow.pages.app import app
from vigil_airflow.pages.approvals import services
from vigil_airflow.pages.approvals.forms import FormGuard
from vigil_airflow.pages.monitoring import services as monitoring

MONITORING = "/vigil/monitoring"


@dataclass
class MonitoringWorld:
    reader: FakeReader = field(default_factory=FakeReader)
    time: float = NOW.timestamp()

    def __post_init__(self) -> None:
        app.dependency_overrides.update({
            services.guard: lambda: FormGuard(SECRET, lambda: self.time),
            services.clock: lambda: NOW,
            services.signer_map: lambda: "{}",
            monitoring.reader: lambda: self.reader,
        })  # fmt: skip
        outer = FastAPI()
        outer.mount("/vigil", app)
        self.app = outer
        self.browser = TestClient(outer, base_url=ORIGIN, follow_redirects=False)

    def sign_in(self, name: str, role: str = "signer") -> None:
        user = SimpleNamespace(get_name=lambda: name, role=role)
        app.dependency_overrides[get_user] = lambda: user

    def sign_out(self) -> None:
        app.dependency_overrides.pop(get_user, None)
