"""How versions of the model look in a terminal. What others wrote is shown harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich import box
from rich.table import Column, Table
from rich.text import Text

from vigil.aws.rollback_request import RollbackAsked
from vigil.cli.approval_tables import console, pairs, plain, when
from vigil.models.versions import ChainEntry, EndpointState, Lineage, ModelVersion, ModelVersions, Signed
from vigil.monitoring.models import WindowReport

STYLES = {"ACTIVE": "green", "Rejected": "red", "PendingManualApproval": "yellow"}
SHORT_DIGEST = 12
# Of the gate's figures, the ones in the list; `show` has all.
HEADLINES = {
    "discrimination-newest-quarter": "AUROC",
    "accuracy-newest-quarter": "Brier",
    "calibration-newest-quarter": "calibration",
}
NOT_FIGURES = frozenset({"plan", "data-profile", "feature-fields", "model-kind"})


def print_versions(found: ModelVersions) -> None:
    _print_endpoint(found.endpoint)
    if not found.versions:
        console.print("No model was registered yet.")
        return
    table = Table(
        Column("model", no_wrap=True), Column("status", no_wrap=True), Column("signed as", no_wrap=True),
        Column("newest quarter", no_wrap=True), box=box.SIMPLE_HEAD,
    )  # fmt: skip
    for version in found.versions:
        table.add_row(
            _lines(str(version.version), version.run_key or "-"),
            _status(version),
            _lines(*(each.role for each in version.signatures)) if version.signatures else plain("nobody"),
            _lines(
                *(f"{short} {version.figures[name]}" for name, short in HEADLINES.items() if name in version.figures)
            ),
        )
    console.print(table)
    console.print(
        plain("Below each model: its run, since when, its artefact. `vigil models show MODEL` has all of it.")
    )


def print_lineage(lineage: Lineage) -> None:
    version = lineage.version
    rows = [
        ("model", plain(version.model_package_arn)),
        ("status", _status(version)),
        ("registered", plain(when(version.registered_at))),
        ("run", plain(version.execution_arn or "unknown")),
        ("asked for by", plain(version.requested_by or "unknown")),
        ("dataset version", plain(version.dataset_version or "unknown")),
        ("artefact digest", plain(version.artefact_digest or "unknown")),
        ("evaluation", plain(f"{version.evaluation_digest or 'unknown'} {lineage.evaluation_uri or ''}".strip())),
        ("plan digest", plain(version.plan_digest or "unknown")),
        ("code revision", plain(version.code_revision or "unknown")),
        ("baseline digest", plain(version.baseline_digest or "none is pinned")),
        ("may come back", plain("yes: `vigil models rollback`" if version.may_return else "no")),
        *(("signed", plain(f"{_signed(each)}, {when(each.signed_at)}")) for each in version.signatures),
        *(("gate", plain(line)) for line in _figures(version)),
        *(("problem", plain(each)) for each in lineage.problems),
    ]
    console.print(pairs(f"Model {version.version}", rows))
    _print_requests(lineage)
    for comparison in lineage.comparisons:
        console.print(pairs("Compared with the model in service", _facts(comparison)))
    if lineage.baseline is not None:
        console.print(pairs("Baseline of monitoring", _facts(lineage.baseline)))
    _print_windows(lineage.windows)
    _print_chain(lineage.chain)


def print_asked(asked: RollbackAsked, request_id: str | None) -> None:
    who = "You asked" if asked.is_new else f"{asked.requested_by or 'Somebody'} had asked already"
    rows = [
        ("asked", plain(f"{who}; nothing changes until it is signed")),
        ("comes back", plain(asked.model_package_arn)),
        ("in place of", plain(asked.replaces_package)),
        ("execution", plain(asked.execution_arn)),
        ("approval request", plain(request_id or "not open yet: see `vigil approvals list`")),
    ]
    console.print(pairs("Roll-back", rows))
    if request_id is not None:
        console.print(plain("To be signed by those whom the model's plan names:"))
        console.print(plain(f"  vigil approvals show {request_id}"))
        console.print(plain(f"  vigil approvals review {request_id} --user USER"))
        console.print(plain(f"  vigil approvals approve {request_id} --user USER"))


def _print_endpoint(endpoint: EndpointState) -> None:
    rows = [
        ("status", plain(endpoint.status or "there is no endpoint")),
        ("serves", plain(endpoint.active_package or "nothing is recorded")),
        ("since", plain(when(endpoint.since) if endpoint.since else "-")),
        ("approved by request", plain(endpoint.approval_request_id or "-")),
        ("baseline digest", plain(endpoint.baseline_digest or "none is pinned")),
    ]
    if not endpoint.is_as_recorded:
        rows.append(
            ("NOT AS RECORDED", plain(f"{endpoint.config_name} serves, {endpoint.recorded_config_name} should"))
        )
    for variant in endpoint.variants:
        kind = "shadow, answers nobody" if variant.shadow else f"weight {variant.weight}"
        model = (variant.model_package_arn or variant.model_name or "unknown").rpartition("/")[2]
        instances = "?" if variant.instances is None else variant.instances
        rows.append((f"variant {variant.name}", plain(f"model {model}, {kind}, {instances} instance(s)")))
    console.print(pairs(f"Endpoint {endpoint.name}", rows))


def _print_requests(lineage: Lineage) -> None:
    if not lineage.requests:
        return
    table = Table("request", "kind", "status", "asked by", title="Approval requests", title_justify="left")
    for row in lineage.requests:
        facts = row["facts"] if isinstance(row["facts"], dict) else {}
        kind = "roll-back" if facts.get("rollback") else "promotion"
        table.add_row(*(plain(str(each)) for each in (row["request_id"], kind, row["status"], facts["requested_by"])))
    console.print(table)


def _print_windows(windows: Iterable[WindowReport]) -> None:
    found = list(windows)
    if not found:
        return
    table = Table("window", "monitor", "status", "cases", "violations", title="Monitoring", title_justify="left")
    for each in found:
        table.add_row(
            each.window.key, each.monitor.value, each.status.value, str(each.cases), str(each.violation_count)
        )
    console.print(table)


def _print_chain(chain: Iterable[ChainEntry]) -> None:
    table = Table(
        "#", Column("at", no_wrap=True), "event", Column("who", overflow="fold"), "hash",
        title="Its chain in the ledger (`vigil audit verify` checks it)", title_justify="left",
    )  # fmt: skip
    for each in chain:
        who = each.actor if each.proven else f"{each.actor} (as {each.via} says)"
        table.add_row(str(each.sequence), when(each.at), each.event, plain(who), each.hash[:SHORT_DIGEST])
    console.print(table)


def _status(version: ModelVersion) -> Text:
    text = Text(version.status.value, style=STYLES.get(version.status.value, "dim"))
    if version.changed_at is not None:
        text += Text(f"\n{version.changed_at:%Y-%m-%d %H:%M}", style="dim")
    if version.rollback_request_id is not None:
        text += Text("\n") + _lines("roll-back waits:", version.rollback_request_id)
    return text


def _lines(*texts: str) -> Text:
    return Text("\n").join(plain(text) for text in texts)


def _figures(version: ModelVersion) -> list[str]:
    return [f"{name} {value}" for name, value in version.figures.items() if name not in NOT_FIGURES]


def _signed(signature: Signed) -> str:
    return f"{signature.printed_name} ({signature.role}, {signature.meaning})"


def _facts(document: dict[str, object]) -> list[tuple[str, Text]]:
    new, details = document.get("new"), document.get("details")
    both = {**(new if isinstance(new, dict) else {}), **(details if isinstance(details, dict) else {})}
    return [("at", plain(str(document["at"]))), *((name, plain(text)) for name, text in _flat("", both))]


def _flat(prefix: str, facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Nested facts as lines of their own; an interval on one line."""
    for key, value in facts.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, dict) and {"value", "low", "high"} == set(value):
            known = value["value"] is not None
            yield name, f"{value['value']} ({value['low']} to {value['high']})" if known else "not judged"
        elif isinstance(value, dict):
            yield from _flat(f"{key} ", value)
        else:
            yield name, "-" if value is None else str(value)
