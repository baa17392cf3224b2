"""What is wrong with an option or a variable of the server's environment."""

from __future__ import annotations


class SettingsError(Exception):
    """An option or variable cannot be used; the message says what to give instead."""
