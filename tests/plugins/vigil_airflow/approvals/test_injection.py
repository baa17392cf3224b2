"""Whatever people write into comments and names is text on the page, nothing else."""

from __future__ import annotations

import base64

import pytest
from approval_pages import ADDRESS, World, hidden
from fake_desk import PASSWORD
from page_reading import Page

from vigil.approvals.dossier import Change
from vigil.approvals.errors import NotEntitledError
from vigil.approvals.models import Status

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><h1>&lt;/textarea></textarea></td></title>{{ 7*7 }}"


def harmless(text: str, shown: bool = True) -> None:
    assert "<script>alert" not in text and "<img src=x" not in text
    page = Page(text)
    assert len(page.all("h1")) == 1
    assert {each.get("src", "")[:13] for each in page.all("script")} == {"/vigil/static"}
    assert not [each for each in page.elements if any(name.startswith("on") for name in each)]
    if shown:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "{{ 7*7 }}" in text


def test_in_a_comment(world: World) -> None:
    token = hidden(world.browser.get(ADDRESS).text)["token"]
    harmless(world.post("confirm", token=token, meaning="", comment=EVIL).text)
    shown = world.post("confirm", token=token, meaning="reviewed", comment=EVIL)
    harmless(shown.text)
    fields = hidden(shown.text)
    assert fields["comment"] == EVIL
    harmless(world.post("sign", username="ana", password="wrong", **fields).text)
    made = world.post("sign", username="ana", password=PASSWORD, **world.confirmation(comment=EVIL))
    harmless(world.browser.get(made.headers["location"]).text)


def test_in_the_printed_name_of_a_signer(world: World) -> None:
    world.desk.people["ana"] = (EVIL, "quality-assurance")
    made = world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    harmless(world.browser.get(made.headers["location"]).text)
    harmless(world.browser.get("/vigil/approvals").text)


@pytest.mark.parametrize("field", ["requested_by", "plan_changed_by", "code_revision", "artefact_uri", "image"])
def test_in_the_facts(world: World, field: str) -> None:
    world.desk.change(facts=world.desk.request.facts.model_copy(update={field: EVIL}))
    harmless(world.browser.get(ADDRESS).text)
    token = hidden(world.browser.get(ADDRESS).text)["token"]
    harmless(world.post("confirm", token=token, meaning="reviewed").text)
    harmless(world.browser.get("/vigil/approvals").text, shown=field == "requested_by")


def test_in_names_of_datasets_in_notes_limits_and_changes(world: World) -> None:
    dataset = world.desk.show(world.desk.request.request_id, None).dataset  # type: ignore[arg-type]
    assert dataset is not None
    evil = dataset.model_copy(
        update={
            "version": EVIL,
            "quarters": [EVIL],
            "warnings": [EVIL],
            "drift": [(EVIL, 0.1, EVIL)],
            "cases": {EVIL: 3},
        }
    )
    world.desk.changes = {
        "dataset": evil, "known_limits": [EVIL], "changes": [Change(what=EVIL, before=EVIL, after=EVIL)],
        "problem": EVIL,
    }  # fmt: skip
    world.desk.change(note=EVIL, carried_from=EVIL)
    harmless(world.browser.get(ADDRESS).text)
    world.desk.change(status=Status.EXPIRED)
    harmless(world.browser.get("/vigil/approvals").text)


def test_in_the_name_of_the_signer_that_a_mapping_gives(world: World) -> None:
    import json

    world.signers = json.dumps({"ana": EVIL})
    token = hidden(world.browser.get(ADDRESS).text)["token"]
    harmless(world.post("confirm", token=token, meaning="reviewed").text)


def test_in_a_refusal_and_in_an_address(world: World) -> None:
    world.desk.refusals["show"] = NotEntitledError(EVIL)
    harmless(world.browser.get(ADDRESS).text)
    world.desk.refusals.clear()
    answer = world.browser.get("/vigil/approvals/%3Cscript%3Ealert(1)")
    harmless(answer.text, shown=False)
    harmless(world.browser.get(ADDRESS, params={"signature": EVIL}).text, shown=False)


def test_a_plot_can_be_nothing_but_a_picture(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import SimpleNamespace

    evil = [SimpleNamespace(title=EVIL, svg=f"<svg>{EVIL}</svg>", description=EVIL)]
    monkeypatch.setattr(sys.modules["vigil.approvals.plots"], "evidence_plots", lambda dossier, theme: evil)
    text = world.browser.get(ADDRESS).text
    harmless(text)
    assert base64.b64encode(f"<svg>{EVIL}</svg>".encode()).decode() in text
