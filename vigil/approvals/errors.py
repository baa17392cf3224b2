"""Why a decision is refused. Each class is one clear answer, with a code that the command line exits with."""

from __future__ import annotations


class ApprovalError(Exception):
    """A decision was refused and nothing changed. ``exit_code`` is documented in ``vigil approvals --help``."""

    exit_code = 1


class UnknownRequestError(ApprovalError):
    """No approval request has this id."""

    exit_code = 3


class AlreadyDecidedError(ApprovalError):
    """Somebody has decided before: the first decision stands."""

    exit_code = 4


class RequestExpiredError(ApprovalError):
    """The time to decide is over."""

    exit_code = 5


class RequestClosedError(ApprovalError):
    """The request was withdrawn or superseded: its run no longer waits for it."""

    exit_code = 6


class AuthenticationError(ApprovalError):
    """The signer did not prove who they are."""

    exit_code = 7


class NotEntitledError(ApprovalError):
    """The signer may not sign this: wrong role, or the person who asked for the training (four eyes)."""

    exit_code = 8


class IncompleteDecisionError(ApprovalError):
    """A decision lacks something that it must have, such as the comment of a rejection."""

    exit_code = 9


class EvidenceError(ApprovalError):
    """The evidence is not what the request names: an evaluation, a plan or an artefact was changed or is missing."""

    exit_code = 10


class UnreadableRequestError(ApprovalError):
    """A stored request is malformed. The message names its id and the fields, never what is in them."""


class NotPendingError(ApprovalError):
    """The store refused a decision: the request was no longer pending. Who asked reads it again and says why."""


class SignatureInvalidError(Exception):
    """A release was refused: what is stored is not what an entitled person signed. Nothing may open the way.

    Step Functions matches this class by its name.
    """


class WaitEndedError(Exception):
    """The run no longer waits with this token: it was answered, it timed out, or it was stopped."""
