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


class LockedOutError(ApprovalError):
    """Too many wrong passwords: this account cannot sign for a while (21 CFR 11.300(d))."""

    exit_code = 11


class RevokedError(ApprovalError):
    """The person's right to sign was taken away (21 CFR 11.300(b) and (c))."""

    exit_code = 12


class TrainingExpiredError(ApprovalError):
    """The person's training on the role is not current (21 CFR 11.10(i))."""

    exit_code = 13


class ChallengeError(ApprovalError):
    """What was to be signed is not on the desk: unknown, used already, or shown too long ago. Prepare it again."""

    exit_code = 14


class WrongPersonError(ApprovalError):
    """Another person than the one who is signed in to the interface gave the proof."""

    exit_code = 15


class SeatFilledError(ApprovalError):
    """Nothing is left to sign for this person: the seat is filled, or the person has signed this request before."""

    exit_code = 16


class BusyError(ApprovalError):
    """Others changed the same request at the same moment, again and again: nothing was signed, try again."""

    exit_code = 17


class DeskUnavailableError(ApprovalError):
    """The function that signs could not be asked or gave no answer. Whether it signed shows in the request."""

    exit_code = 19


class ProviderUnavailableError(ApprovalError):
    """The identity provider gave no answer: nothing was learnt about the password, and nothing counts. Try again."""

    exit_code = 18


class UnreadableRequestError(ApprovalError):
    """A stored request is malformed. The message names its id and the fields, never what is in them."""


class SignatureInvalidError(Exception):
    """A release was refused: what is stored is not what an entitled person signed. Nothing may open the way.

    Step Functions matches this class by its name.
    """


class RollbackRefusedError(Exception):
    """The model may not come back; the message says why. Step Functions matches this class by its name."""

    exit_code = 5


class WaitEndedError(Exception):
    """The run no longer waits with this token: it was answered, it timed out, or it was stopped."""
