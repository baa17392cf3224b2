"""One user's asking for a roll-back: its forms, their tokens, and the checks before anything is asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastapi import HTTPException, Request, Response
from pydantic import SecretStr

from vigil.approvals.models import PasswordProof
from vigil.digests import digest_of
from vigil.models.shown_versions import RollbackDesk, ShownModels
from vigil.models.versions import ModelVersion
from vigil_airflow.pages.approvals import forms, services
from vigil_airflow.pages.approvals.wording import NO_SIGNER
from vigil_airflow.pages.models import wording
from vigil_airflow.pages.rendering import base_path, page


@dataclass(frozen=True)
class Swap:
    """What would go out of service and what would come back."""

    leaves: ModelVersion
    returns: ModelVersion

    @classmethod
    def of(cls, models: ShownModels, number: int) -> Swap:
        """Raises ``HTTPException`` where that version cannot come back."""
        returns, leaves = models.find(number), models.active
        if returns is None:
            raise HTTPException(404, f"There is no version {number}.")
        if leaves is None:
            raise HTTPException(409, wording.NOTHING_SERVES)
        if not returns.may_return:
            raise HTTPException(409, wording.MAY_NOT_RETURN)
        return cls(leaves=leaves, returns=returns)

    @property
    def digest(self) -> str:
        """What a form was made for: neither model may be another when it is sent."""
        return digest_of([self.leaves.model_package_arn, self.returns.model_package_arn])


@dataclass(frozen=True)
class Asking:
    """``signer``: under which name the user is known to those who sign; None where under none."""

    request: Request
    user: Any
    guard: forms.FormGuard
    signer: str | None
    swap: Swap

    def form(self, reason: str = "", wrong: str = "", status: int = 200) -> Response:
        token = self._token("confirm")
        return self._page("rollback.html.j2", status, reason=reason, wrong=wrong, token=token)

    def confirmation(
        self, reason: str, status: int = 200, wrong: str = "", *, wrong_password: bool = False
    ) -> Response:
        """The page that says once more what goes out and what comes back. Nothing is asked for yet.

        ``wrong``: why the last try was refused; ``wrong_password``: and that it was for what the person typed.
        """
        return self._page(
            "rollback_confirm.html.j2", status, reason=reason, wrong=wrong, wrong_password=wrong_password,
            signer=self.signer, token=self._token(f"ask {reason}"),
        )  # fmt: skip

    def check(self, token: str, replaces: str, act: str) -> None:
        """Raises unless this page made the form, for this user, this act and what serves now."""
        forms.refuse_other_origins(self.request, services.own_address())
        # The token binds what the form showed, so a change meanwhile is told from a foreign form.
        name = str(self.user.get_name())
        self.guard.check(token, forms.browser_cookie(self.request), name, self._act(replaces, act))
        if replaces != self.swap.digest:
            raise HTTPException(409, wording.CHANGED)
        if self.signer is None:
            raise HTTPException(403, NO_SIGNER)

    def send(self, rollbacks: RollbackDesk, reason: str, password: SecretStr) -> bool:
        """Ask as the person who signs as this user of Airflow, who alone can prove it. What it raises, the route
        turns into a page."""
        signer = str(self.signer)
        proof = PasswordProof(username=signer, password=password)
        return rollbacks.ask(self.swap.returns.model_package_arn, reason, proof, signer)

    def _page(self, template: str, status: int, **values: Any) -> Response:
        answer = page(self.request, template, status, swap=self.swap, words=wording, **values)
        if forms.browser_cookie(self.request) is None:
            secure = self.request.url.scheme == "https" or services.own_address().startswith("https:")
            path = f"{base_path(self.request)}/models"
            forms.keep_cookie(answer, forms.COOKIE, self._cookie, path, secure=secure, seconds=None)
        return answer

    def _token(self, act: str) -> str:
        return self.guard.token(self._cookie, str(self.user.get_name()), self._act(self.swap.digest, act))

    @staticmethod
    def _act(replaces: str, act: str) -> str:
        return f"rollback {replaces} {digest_of(act)}"

    @cached_property
    def _cookie(self) -> str:
        return forms.browser_cookie(self.request) or forms.new_cookie()
