"""One user's act on one request: its forms and cookies, and what is asked of the desk for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from fastapi import HTTPException, Request, Response
from pydantic import SecretStr

from vigil.approvals.desk import Desk, SigningAnswer, SigningOrder, SigningResult
from vigil.approvals.models import PasswordProof, SessionProof
from vigil_airflow.pages.access import reader
from vigil_airflow.pages.approvals import forms, services
from vigil_airflow.pages.approvals.view import meanings_among
from vigil_airflow.pages.approvals.wording import NO_SIGNER
from vigil_airflow.pages.rendering import base_path, page

SESSION_COOKIE = "vigil_signing"


@dataclass(frozen=True)
class Act:
    """``signer``: the person who signs as this user of Airflow; None where nobody does."""

    request: Request
    user: Any
    guard: forms.FormGuard
    signer: str | None
    request_id: str

    def check(self, token: str, act: str) -> None:
        """Raises unless this page made the form, for this user and this act on this request."""
        forms.refuse_other_origins(self.request, services.own_address())
        if self.signer is None:
            raise HTTPException(403, NO_SIGNER)
        self.guard.check(token, forms.browser_cookie(self.request), self._name, f"{self.request_id} {act}")

    def token(self, act: str) -> str:
        return self.guard.token(self._cookie, self._name, f"{self.request_id} {act}")

    def decision_form(self, meaning: str = "", comment: str = "") -> dict[str, Any]:
        """What the form for a decision is made from; both texts are of the user's own form."""
        return {"request_id": self.request_id, "token": self.token("confirm"), "meaning": meaning, "comment": comment}

    def keep_browser_cookie(self, answer: Response) -> None:
        if forms.browser_cookie(self.request) is None:
            self._keep(answer, forms.COOKIE, self._cookie, None)

    @property
    def session(self) -> SecretStr | None:
        """The secret of a continuous period of signing, if this user began one in this browser."""
        found = self.guard.unbind(self.request.cookies.get(SESSION_COOKIE), self._name)
        return SecretStr(found) if found else None

    def keep_session(self, answer: Response, result: SigningResult, now: datetime) -> None:
        if result.session is None or result.session_expires_at is None:
            return
        seconds = int((result.session_expires_at - now).total_seconds())
        self._keep(answer, SESSION_COOKIE, self.guard.bind(result.session.get_secret_value(), self._name), seconds)

    def forget_session(self, answer: Response) -> None:
        if SESSION_COOKIE in self.request.cookies:
            self._keep(answer, SESSION_COOKIE, "", 0)

    @property
    def _name(self) -> str:
        return str(self.user.get_name())

    @cached_property
    def _cookie(self) -> str:
        return forms.browser_cookie(self.request) or forms.new_cookie()

    def _keep(self, answer: Response, name: str, value: str, seconds: int | None) -> None:
        # Behind a proxy that ends TLS only Airflow's own address knows of it.
        secure = self.request.url.scheme == "https" or services.own_address().startswith("https:")
        path = f"{base_path(self.request)}/approvals"
        forms.keep_cookie(answer, name, value, path, secure=secure, seconds=seconds)


@dataclass(frozen=True)
class Said:
    """A form for a decision as it was sent. ``offered``: the meanings that it offered, with spaces between."""

    meaning: str
    comment: str
    offered: str = ""

    def order(self, act: Act) -> SigningOrder:
        """Raises pydantic's ``ValidationError`` that names the fields which are not as they should be."""
        return SigningOrder(
            request_id=act.request_id,
            meaning=self.meaning,  # type: ignore[arg-type]
            comment=self.comment,
            expected_signer=act.signer,
        )


@dataclass(frozen=True)
class Sender:
    """Asks the desk in the name of one act. What it raises, the route turns into a page."""

    act: Act
    desk: Desk
    now: datetime

    def confirmation(
        self, order: SigningOrder, status: int = 200, wrong: str | None = None, *, wrong_password: bool = False
    ) -> Response:
        """The page that repeats exactly what is signed.

        ``wrong``: why the last try was refused; ``wrong_password``: and that it was for what the person typed.
        """
        challenge = self.desk.prepare(order, reader(self.act.user))
        return page(
            self.act.request,
            "confirm.html.j2",
            status,
            challenge=challenge,
            now=self.now,
            wrong=wrong,
            wrong_password=wrong_password,
            signer=self.act.signer,
            in_session=self.act.session is not None and not wrong_password,
            token=self.act.token(f"sign {challenge.challenge_id}"),
        )

    def decision_again(
        self, status: int, wrong: str, field: str | None, said: Said, title: str = "Your decision is not complete"
    ) -> Response:
        """The form for the decision as it was filled in, with what is wrong, and in which of its fields.

        It offers what it offered before. The request is not read again for it: that would be recorded as a look at
        evidence which this page does not show. What may be signed by now, the desk says.
        """
        form = self.act.decision_form(said.meaning, said.comment)
        offered = meanings_among(said.offered)
        return page(
            self.act.request, "decide.html.j2", status, title=title, wrong=wrong, wrong_field=field, offered=offered,
            **form,
        )  # fmt: skip

    def sign(self, challenge_id: str, username: str, password: SecretStr) -> SigningResult:
        """In a continuous period of signing the password is the one component that is asked for (11.200(a)(1)(i))."""
        session = self.act.session
        proof: PasswordProof | SessionProof
        if session is not None:
            proof = SessionProof(session=session, password=password)
        else:
            proof = PasswordProof(username=username or str(self.act.signer), password=password)
        return self.desk.sign(SigningAnswer(challenge_id=challenge_id, proof=proof, expected_signer=self.act.signer))
