"""The query languages of this server, by the name that QueryLanguage gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_aws.services.states.languages import jsonata_language, jsonpath_language
from local_aws.services.states.languages.jsonata_language import JsonataLanguage
from local_aws.services.states.languages.jsonpath_language import JsonPathLanguage
from local_aws.services.states.languages.query_language import QueryLanguage

LANGUAGES: dict[str, QueryLanguage] = {
    jsonpath_language.NAME: JsonPathLanguage(),
    jsonata_language.NAME: JsonataLanguage(),
}
#: What AWS takes where a definition names none.
DEFAULT = jsonpath_language.NAME


def language_name(definition: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """A state's own QueryLanguage, else the whole definition's."""
    return str(state.get("QueryLanguage", definition.get("QueryLanguage", DEFAULT)))
