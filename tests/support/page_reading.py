"""An HTML page as tests ask about it: its elements with their attributes and their text."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Element(dict[str, str]):
    """Attributes, with the element's name and all text within it."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        super().__init__(attributes)
        self.name, self.text = name, ""
        self.inside: list[Element] = []


class Page(HTMLParser):
    """Refuses markup that is not nested as it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {[each.name for each in self._open]}"

    def all(self, *names: str) -> list[Element]:
        return [each for each in self.elements if each.name in names]

    @property
    def ids(self) -> list[str]:
        return [each["id"] for each in self.elements if "id" in each]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        for parent in self._open:
            parent.inside.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        found = self._open.pop()
        assert found.name == tag, f"<{found.name}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
