"""Why a drift decision cannot be overridden. Each class is one clear answer, with the command's exit code."""

from __future__ import annotations

from vigil.approvals.errors import ApprovalError


class UnknownDecisionError(ApprovalError):
    """No drift decision has this id."""

    exit_code = 3


class NothingToOverrideError(ApprovalError):
    """It is decided as asked for already, its retraining was asked for already, or it is about another model."""

    exit_code = 4


class RetrainingRunsError(ApprovalError):
    """One retraining at a time: another one, or this very one, is in progress."""

    exit_code = 5


class NothingNewError(ApprovalError):
    """No quarter has landed that the model in service was not trained on."""

    exit_code = 6
