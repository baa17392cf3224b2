"""What the templates are given: traffic in shares, and how each version did against the one it was to replace."""

from __future__ import annotations

from markupsafe import Markup

from vigil.models.shown_versions import ShownModels
from vigil.models.versions import EndpointState
from vigil.monitoring.plots import Difference, forest


def traffic(endpoint: EndpointState) -> dict[str, float]:
    """Share of the requests that each variant answers, by name; a shadow answers none."""
    weights = {each.name: each.weight or 0.0 for each in endpoint.variants if not each.shadow}
    total = sum(weights.values())
    return {name: weight / total if total else 0.0 for name, weight in weights.items()}


def differences(models: ShownModels) -> Markup | None:
    """Difference in AUROC on the same rows, with its interval; None where no version was compared."""
    rows = [
        Difference(
            label=f"version {each.version.version}",
            measure=each.paired.difference.auroc,
            bad=each.paired.verdict == "turned-away",
        )
        for each in models.versions
        if each.paired is not None and each.paired.difference.auroc.value is not None
    ]
    title = "AUROC of each version minus that of the model it was to replace"
    return Markup(forest(title, rows)) if rows else None  # noqa: S704 - drawn by us, words escaped
