"""The approver's page with a desk in memory and users of Airflow that a test signs in."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

from airflow.api_fastapi.core_api.security import get_user
from fake_desk import FakeDesk
from fastapi import FastAPI
from fastapi.testclient import TestClient
from vigil_airflow.pages.app import app
from vigil_airflow.pages.approvals import services
from vigil_airflow.pages.approvals.forms import FormGuard

ORIGIN = "http://airflow.example"
SECRET = "airflow-api-secret-key"
REQUEST = "apr-0123456789ab"
ADDRESS = f"/vigil/approvals/{REQUEST}"


class Manager:
    """Airflow's auth manager: `viewer` reads, signers read and answer, a stranger does neither."""

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: Any) -> bool:
        assert details.id == "train_model"
        allowed = {("GET", "XCOM"): user.role != "stranger", ("PUT", "HITL_DETAIL"): user.role == "signer"}
        return allowed[(method, access_entity.value)]


@dataclass
class World:
    """A browser in front of the mounted application. ``time``: what forms take for the time. ``address``: the
    request's that forms are sent to."""

    desk: FakeDesk = field(default_factory=FakeDesk)
    address: str = ADDRESS
    signers: str = "same-names"
    time: float = 1_772_443_800.0

    def __post_init__(self) -> None:
        app.dependency_overrides.update({
            services.desk: lambda: self.desk,
            services.signer_map: lambda: self.signers,
            services.guard: lambda: FormGuard(SECRET, lambda: self.time),
            services.clock: lambda: self.desk.now,
        })  # fmt: skip
        outer = FastAPI()
        outer.mount("/vigil", app)  # as Airflow mounts a plugin's application
        self.app = outer
        self.browser = TestClient(outer, base_url=ORIGIN, follow_redirects=False)

    def sign_in(self, name: str, role: str = "signer") -> None:
        user = SimpleNamespace(get_name=lambda: name, role=role)
        app.dependency_overrides[get_user] = lambda: user

    def sign_out(self) -> None:
        app.dependency_overrides.pop(get_user, None)

    def post(self, act: str, headers: dict[str, str] | None = None, **form: str) -> Any:
        """Send a form as a browser does that stands on our page."""
        sent = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self.browser.post(f"{self.address}/{act}", data=form, headers=sent)

    def confirmation(self, meaning: str = "reviewed", comment: str = "read it all") -> dict[str, str]:
        """Open the request, choose, and give the hidden fields of the confirmation."""
        token = hidden(self.browser.get(self.address).text)["token"]
        shown = self.post("confirm", token=token, meaning=meaning, comment=comment)
        assert shown.status_code == 200, shown.text
        return hidden(shown.text)


def hidden(page: str) -> dict[str, str]:
    from page_reading import Page

    return {each["name"]: each.get("value", "") for each in Page(page).all("input") if each.get("type") == "hidden"}


def fake_plots() -> ModuleType:
    """Stands for ``vigil.approvals.plots``, whose real plots have tests of their own."""
    module = ModuleType("vigil.approvals.plots")
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30"><rect width="40" height="30" fill="{}"/></svg>'
    fills = {"light": "#cfe3ff", "dark": "#1f3557"}
    titles = ("ROC", "Precision and recall", "Calibration", "Subgroups", "Score distribution")
    module.evidence_plots = lambda dossier, theme: [  # type: ignore[attr-defined]
        SimpleNamespace(title=title, svg=svg.format(fills[theme]), description=f"{title} in words.") for title in titles
    ]
    return module


def put_fake_plots() -> None:
    sys.modules["vigil.approvals.plots"] = fake_plots()
