"""What other people wrote, made harmless for a terminal: names and comments may hold escapes that move the cursor,
rename the window, hide text or turn its direction round, and so show another thing than what was signed."""

from __future__ import annotations

import unicodedata

#: Control, format (direction marks, zero-width characters), surrogates, private use, unassigned, separators of lines.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str) -> str:
    """``text`` on one line, with each character that a terminal would act on, or not show, written as its code."""
    return "".join(_code(each) if unicodedata.category(each) in INVISIBLE else each for each in text)


def visible_lines(text: str) -> str:
    """As ``visible``, but line feeds stay: for cells with a border, which nothing inside can leave."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def _code(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
