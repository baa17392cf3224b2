"""The Monitoring and Models pages in front of readers in memory, and users of Airflow that a test signs in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from airflow.api_fastapi.core_api.security import get_user
from approval_pages import ORIGIN, SECRET, hidden
from fastapi import FastAPI
from fastapi.testclient import TestClient
from model_examples import RIGHT_PASSWORD, FakeModels
from monitoring_examples import NOW, FakeReader
from page_reading import Page
from vigil_airflow.pages.app import app
from vigil_airflow.pages.approvals import services
from vigil_airflow.pages.approvals.forms import FormGuard
from vigil_airflow.pages.models import services as models
from vigil_airflow.pages.monitoring import services as monitoring

MONITORING, MODELS = "/vigil/monitoring", "/vigil/models"


@dataclass
class MonitoringWorld:
    reader: FakeReader = field(default_factory=FakeReader)
    models: FakeModels = field(default_factory=FakeModels)
    signers: str = "same-names"
    time: float = NOW.timestamp()

    def __post_init__(self) -> None:
        app.dependency_overrides.update({
            services.guard: lambda: FormGuard(SECRET, lambda: self.time),
            services.clock: lambda: NOW,
            services.signer_map: lambda: self.signers,
            monitoring.reader: lambda: self.reader,
            models.reader: lambda: self.models,
            models.rollbacks: lambda: self.models,
        })  # fmt: skip
        outer = FastAPI()
        outer.mount("/vigil", app)
        self.app = outer
        self.browser = TestClient(outer, base_url=ORIGIN, follow_redirects=False)

    def sign_in(self, name: str, role: str = "signer") -> None:
        user = SimpleNamespace(get_name=lambda: name, role=role)
        app.dependency_overrides[get_user] = lambda: user

    def post(self, number: int, act: str, headers: dict[str, str] | None = None, **form: str) -> Any:
        """Send a form as a browser does that stands on our page."""
        sent = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self.browser.post(f"{MODELS}/{number}/rollback/{act}", data=form, headers=sent)

    def form(self, number: int) -> dict[str, str]:
        """The hidden fields of the form that asks for a roll-back."""
        return hidden(self.browser.get(f"{MODELS}/{number}/rollback").text)

    def confirmation(self, number: int, reason: str = "it is better calibrated") -> dict[str, str]:
        """The fields of the confirmation as the right person fills them in."""
        shown = self.post(number, "confirm", **self.form(number), reason=reason)
        assert shown.status_code == 200, shown.text
        return hidden(shown.text) | {"password": RIGHT_PASSWORD}

    def sign_out(self) -> None:
        app.dependency_overrides.pop(get_user, None)


def text(page: str) -> str:
    """What the page's main part says, with a space between cells."""
    apart = re.sub(r"(</(?:td|th|dt|dd|h\d|p|li)>)", r" \1", page)
    return " ".join(Page(apart).all("main")[0].text.split())
