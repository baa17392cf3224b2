"""Rules of accessibility that markup and style sheet show; axe looks at the pages in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from approval_pages import ADDRESS, World, hidden
from fake_desk import PASSWORD
from page_reading import Page
from vigil_airflow.pages.static_files import FOLDER

STYLE = (FOLDER / "approvals.css").read_text()
ON_PLAIN = ("fg", "muted", "link", "good", "bad", "wait")
TEXTS = [(text, ground) for text in ON_PLAIN for ground in ("bg", "raised")]
TEXTS += [("good", "good-bg"), ("bad", "bad-bg"), ("wait", "wait-bg"), ("on-accent", "accent"), ("on-danger", "danger")]
TEXTS += [(text, f"{notice}-bg") for text in ("fg", "link") for notice in ("good", "bad", "wait")]


def a_list(world: World) -> str:
    return world.browser.get("/vigil/approvals").text


def a_request(world: World) -> str:
    return world.browser.get(ADDRESS).text


def a_signed_request(world: World) -> str:
    made = world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    return world.browser.get(made.headers["location"]).text


def an_incomplete_decision(world: World) -> str:
    return world.post("confirm", token=hidden(a_request(world))["token"], meaning="rejected").text


def a_confirmation(world: World) -> str:
    return world.post("confirm", token=hidden(a_request(world))["token"], meaning="reviewed").text


def a_wrong_password(world: World) -> str:
    return world.post("sign", username="ana", password="wrong", **world.confirmation()).text


def a_refusal(world: World) -> str:
    return world.browser.get("/vigil/approvals/apr-unknown").text


PAGES = [a_list, a_request, a_signed_request, an_incomplete_decision, a_confirmation, a_wrong_password, a_refusal]


@pytest.mark.parametrize("page_of", PAGES, ids=lambda function: function.__name__)
def test_every_page_has_its_language_title_landmarks_and_one_first_heading(
    world: World, page_of: Callable[[World], str]
) -> None:
    page = Page(page_of(world))
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("title")[0].text.endswith("– Vigil")
    assert [len(page.all(name)) for name in ("header", "main", "h1")] == [1, 1, 1]
    labels = [each["aria-label"] for each in page.all("nav")]
    assert labels and len(set(labels)) == len(labels)
    levels = [int(each.name[1]) for each in page.all("h1", "h2", "h3")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
    assert page.all("a")[0]["href"] == "#main"  # the way around the navigation


@pytest.mark.parametrize("page_of", PAGES, ids=lambda function: function.__name__)
def test_names_are_bound_to_what_they_name(world: World, page_of: Callable[[World], str]) -> None:
    page = Page(page_of(world))
    assert len(page.ids) == len(set(page.ids))
    labelled = {each["for"] for each in page.all("label")}
    for field in page.all("input", "textarea"):
        assert field.get("type") == "hidden" or field["id"] in labelled
    for element in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.get(name, "").split()) <= set(page.ids)
        if element.name == "a" and element["href"].startswith("#"):
            assert element["href"][1:] in page.ids
        if element.get("class") == "scroll":  # reached by keyboard, and no landmark beside its section
            assert (
                element["role"] == "group"
                and element["tabindex"] == "0"
                and (element.get("aria-label") or element.get("aria-labelledby"))
            )
    for group in page.all("fieldset"):
        assert group.inside[0].name == "legend"


@pytest.mark.parametrize("page_of", [a_list, a_signed_request], ids=lambda function: function.__name__)
def test_every_table_has_a_caption_and_its_headers_say_what_they_head(
    world: World, page_of: Callable[[World], str]
) -> None:
    page = Page(page_of(world))
    assert page.all("table")
    for table in page.all("table"):
        assert table.inside[0].name == "caption" and table.inside[0].text.strip()
    assert all(each.get("scope") in {"col", "row"} for each in page.all("th"))


@pytest.mark.parametrize("page_of", [a_signed_request, an_incomplete_decision, a_wrong_password, a_refusal])
def test_what_came_of_an_act_is_announced_and_gets_the_focus(world: World, page_of: Callable[[World], str]) -> None:
    [news] = [each for each in Page(page_of(world)).elements if "data-focus" in each]
    assert news["role"] in {"status", "alert"} and news["tabindex"] == "-1"


def test_an_error_names_its_field_and_the_field_its_error(world: World) -> None:
    page = Page(a_wrong_password(world))
    [field] = [each for each in page.all("input") if each.get("name") == "password"]
    assert field["aria-invalid"] == "true" and field["aria-describedby"] == "password-wrong"
    [summary] = [each for each in page.elements if "data-focus" in each]
    assert [each["href"] for each in summary.inside if each.name == "a"] == ["#password"]


@pytest.mark.parametrize(
    ("meaning", "comment", "place", "field", "described"),
    [
        ("", "", "meaning-reviewed", "meaning", "meaning-wrong"),
        ("signed", "why", "meaning-reviewed", "meaning", "meaning-wrong"),
        ("rejected", " ", "comment", "comment", "comment-hint comment-wrong"),
        ("reviewed", "x" * 4001, "comment", "comment", "comment-hint comment-wrong"),
    ],
)
def test_an_incomplete_decision_leads_to_its_faulty_field_which_says_what_is_wrong(
    world: World, meaning: str, comment: str, place: str, field: str, described: str
) -> None:
    token = hidden(a_request(world))["token"]
    page = Page(world.post("confirm", token=token, meaning=meaning, comment=comment).text)
    [summary] = [each for each in page.elements if "data-focus" in each]
    assert [each["href"] for each in summary.inside if each.name == "a"] == [f"#{place}"]
    [target] = [each for each in page.elements if each.get("id") == place]
    assert target.name in {"input", "textarea"}  # a link to a group moves no focus
    [faulty] = [each for each in page.elements if "aria-invalid" in each]
    assert (faulty["id"], faulty["aria-describedby"]) == (field, described)
    [words] = [each for each in page.elements if each.get("id") == f"{field}-wrong"]
    assert words.text and words.text in summary.text


def test_a_request_that_nobody_has_answered_yet_marks_no_field_as_wrong(world: World) -> None:
    assert "aria-invalid" not in a_request(world) + a_confirmation(world)


def test_marks_are_words_beside_signs_that_readers_skip(world: World) -> None:
    for mark in [each for each in Page(a_request(world)).all("span") if each.get("class", "").startswith("mark")]:
        [sign] = mark.inside
        assert sign["aria-hidden"] == "true" and len(mark.text.replace(sign.text, "").strip()) > 2


def palettes() -> dict[str, dict[str, str]]:
    """The colours of each rule that sets them; the two dark ones must be the same."""
    blocks = re.findall(r"(:root[^{]*)\{([^}]*--bg[^}]*)\}", STYLE)
    return {selector.strip(): dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", body)) for selector, body in blocks}


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_text_stands_out_by_4_5_to_1_and_edges_of_fields_by_3_to_1_in_both_themes() -> None:
    found = palettes()
    assert len(found) == 3 and found[':root[data-theme="dark"]'] == found[":root:not([data-theme])"]
    for theme, colours in found.items():
        for text, ground in TEXTS:
            assert contrast(colours[text], colours[ground]) >= 4.5, (theme, text, ground)
        for edge in ("edge", "focus"):
            assert contrast(colours[edge], colours["bg"]) >= 3, (theme, edge)


def test_motion_can_be_switched_off_and_focus_is_never_hidden() -> None:
    assert "prefers-reduced-motion: reduce" in STYLE
    assert ":focus-visible { outline: 3px" in STYLE
    assert re.findall(r"([^{}\n]*)\{ outline: none; \}", STYLE) == ["main:focus "]  # only reached by the skip link
