"""A page of Vigil in Airflow's frame, as a person uses it: by mouse, and by keyboard alone."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_browser import AirflowBrowser
from playwright.sync_api import Frame, Locator, expect

# One key at a time finds everything on the page; the longest has some hundred places to stop at.
MOST_STOPS = 200


@dataclass(frozen=True)
class FramedPage:
    """``title``: of the frame, which is the view's name in Airflow's navigation."""

    window: AirflowBrowser
    title: str

    @property
    def frame(self) -> Frame:
        return self.window.frame(self.title)

    def open(self, rest: str = "") -> Frame:
        self.window.open(f"/plugin/{self.title.lower()}{rest}")
        return self.frame

    def headed(self, text: str) -> None:
        expect(self.frame.get_by_role("heading", name=text, exact=True)).to_be_visible()

    def scroll_to(self, heading: str) -> None:
        self.frame.get_by_role("heading", name=heading).first.evaluate("element => element.scrollIntoView()")

    def outer_path(self) -> str:
        return str(self.window.page.evaluate("location.pathname"))

    def tab_to(self, place: Locator) -> None:
        """Press Tab until that place has the focus: what cannot be reached so cannot be used by a keyboard."""
        for _ in range(MOST_STOPS):
            if place.evaluate("element => element === document.activeElement"):
                return
            self.window.page.keyboard.press("Tab")
        raise AssertionError(f"{place} is not reached within {MOST_STOPS} stops of the Tab key")

    def press_at(self, place: Locator, key: str) -> None:
        self.tab_to(place)
        self.window.page.keyboard.press(key)
