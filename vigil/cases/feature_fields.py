"""Which fields of a report features are made from, which never may be, and the check that refuses those by name.

A field is banned because it restates the label, because it is decided after intake, or because it describes the channel
a report came through instead of the case. Both FDA's column names and the curated ones are listed, so neither spelling
slips through. Shares are of the 2025Q3 reports.
"""

from __future__ import annotations

from collections.abc import Iterable

FEATURE_FIELDS: tuple[str, ...] = ("reactions", "drugs", "age_years", "weight_kg", "sex")

_DECIDED_LATER = "decided by the sender after the triage this model is for"
_LABEL = "is the label or part of it"
_PROXY = "tells the reporting channel, not the case: non-US reports are 97 % serious because the others need no report"
_IDENTITY = "identifies the report; its order follows time and sender"

BANNED_FIELDS: dict[str, str] = {
    "serious": _LABEL,
    "outcomes": _LABEL,
    "outc_cod": _LABEL,
    "report_code": _DECIDED_LATER + " (97.5 % of expedited reports are serious)",
    "rept_cod": _DECIDED_LATER + " (97.5 % of expedited reports are serious)",
    "case_version": "grows while a case is followed up, which happens to serious ones",
    "caseversion": "grows while a case is followed up, which happens to serious ones",
    "initial_or_followup": "follow-ups are 69 % serious, first reports 52 %",
    "i_f_code": "follow-ups are 69 % serious, first reports 52 %",
    "literature_reference": "added after intake; 96 % of the reports that have one are serious",
    "lit_ref": "added after intake; 96 % of the reports that have one are serious",
    "authority_number": "given by an authority after intake; 85 % of these reports are serious",
    "auth_num": "given by an authority after intake; 85 % of these reports are serious",
    "rpsr_cod": "filled in for direct reports only",
    "drug_rec_act": "recorded after the event",
    "dechal": "recorded after the event",
    "rechal": "recorded after the event",
    "reporter_country": _PROXY,
    "occurrence_country": _PROXY,
    "occr_country": _PROXY,
    "reporter_occupation": _PROXY,
    "occp_cod": _PROXY,
    "sender": _PROXY,
    "mfr_sndr": _PROXY,
    "case_id": _IDENTITY,
    "caseid": _IDENTITY,
    "primary_id": _IDENTITY,
    "primaryid": _IDENTITY,
    "mfr_num": _IDENTITY,
    "quarter": "splits are by time; a feature of time would see them",
    "received_date": "splits are by time; a feature of time would see them",
    "initial_received_date": "splits are by time; a feature of time would see them",
}


class BannedFeatureError(ValueError):
    """A feature was asked for that reveals the label, comes after intake or is not in the plan."""


def refuse_unusable_fields(fields: Iterable[str]) -> None:
    """Raise ``BannedFeatureError`` naming each banned field, with the reason, and each that no feature is made from."""
    fields = tuple(fields)
    banned = sorted(field for field in set(fields) if field in BANNED_FIELDS)
    if banned:
        reasons = "; ".join(f"{field}: {BANNED_FIELDS[field]}" for field in banned)
        raise BannedFeatureError(f"banned as features: {reasons}. Take them out of the feature fields.")
    unknown = sorted(set(fields) - set(FEATURE_FIELDS))
    if unknown or len(set(fields)) != len(fields):
        raise BannedFeatureError(
            f"not usable as feature fields: {unknown or fields}; choose once each from {', '.join(FEATURE_FIELDS)}"
        )
