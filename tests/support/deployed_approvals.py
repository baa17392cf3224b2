"""A deployed stack whose runs begin with the wait for approval: functions in processes of their own, roles enforced.

The state machine is the tree's; only its jobs are left out: what they would have made lies in the buckets already.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from approval_fakes import PASSWORD
from candidate_evidence import REVIEWER, ROLE, facts_for, passing_evaluation, real_plan
from deployed_stack import IMAGE, STACK, VIGIL, FreshStack
from local_server import LocalServer, eventually
from moto_people import add_person, strong
from moto_stack import archive_of, tree_digest_of
from pydantic import SecretStr

from local_aws.server_controls import CHAOS_PATH, ask
from vigil.approvals.desk import SigningAnswer, SigningOrder, SigningResult
from vigil.approvals.models import ApprovalRequest, Facts, Meaning, PasswordProof
from vigil.approvals.verify import PINNED
from vigil.audit.models import Actor, Record
from vigil.aws.approval_ports import approvals_table, evidence_store, ledger_table
from vigil.aws.artefacts import artefact_uri
from vigil.aws.desk_client import desk_client
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.objects import S3Uri
from vigil.aws.people_table import PeopleTable
from vigil.aws.pinning import run_key
from vigil.aws.run_records import RunRecords

READER = Actor(name="a test", via="the desk", verified=False)


@dataclass(frozen=True)
class Deployed:
    server: LocalServer
    parameters: StackParameters
    folder: Path
    outbox: Path

    # --- runs ---------------------------------------------------------------------------------------------------

    def wait(self, *, applied: bool = False, name: str | None = None, **changes: Any) -> ApprovalRequest:
        """A run that waits, and its request. ``applied``: what follows an approval is done too (update-endpoint)."""
        facts = self.candidate(**changes)
        name = name or uuid.uuid4().hex[:12]
        machine = self.parameters.state_machines.train_and_promote
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        key = run_key(arn)
        run = {"key": key, "approval_timeout_seconds": 14 * 86_400, "ends_at_decision": not applied}
        pinned = {name: getattr(facts, name) for name in PINNED} | {"key": key}
        RunRecords(aws_client("dynamodb"), self.parameters.tables.runs).start(arn, {"pinned": json.dumps(pinned)})
        document = {"run": run, "candidate": facts.model_dump(mode="json")}
        aws_client("stepfunctions").start_execution(stateMachineArn=machine, name=name, input=json.dumps(document))
        store = approvals_table(self.parameters)

        def opened() -> ApprovalRequest | None:
            rows = [store.get(row["request_id"]) for row in self.desk.requests() if row["execution_arn"] == arn]
            return rows[0] if rows else None

        found = eventually(opened, within=60)
        assert found is not None
        return found

    def candidate(self, **changes: Any) -> Facts:
        """Evidence of a good candidate that no other test has."""
        plan, files = real_plan(), {"model.json": uuid.uuid4().bytes}
        evidence, digest = evidence_store(self.parameters), tree_digest_of(files)
        evidence.keep_plan(plan)
        evaluation = passing_evaluation(plan, artefact_digest=digest)
        uri = str(artefact_uri(self.parameters.buckets.models, digest))
        self.put(uri, archive_of(files))
        kept = str(evidence.keep_evaluation(evaluation))
        return facts_for(evaluation, plan, **{"artefact_uri": uri, "evaluation_uri": kept, "image": IMAGE} | changes)

    def put(self, uri: str, content: bytes) -> None:
        place = S3Uri.parse(uri)
        aws_client("s3").put_object(Bucket=place.bucket, Key=place.key, Body=content)

    def get(self, uri: str) -> bytes:
        place = S3Uri.parse(uri)
        content: bytes = aws_client("s3").get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
        return content

    def events(self, execution: str) -> list[dict[str, Any]]:
        answer = aws_client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
        events: list[dict[str, Any]] = answer["events"]
        return events

    def answers(self, request: ApprovalRequest) -> list[dict[str, Any]]:
        """What the wait was answered with, as the run's history has it."""
        done = [event["taskSucceededEventDetails"] for event in self.events(request.execution_arn)
                if event["type"] == "TaskSucceeded"]  # fmt: skip
        return [json.loads(each["output"]) for each in done if each["resource"].startswith("sendMessage")]

    def token(self, request: ApprovalRequest) -> str:
        """Stolen: out of the history, which only the account's owner may read."""
        scheduled = next(each for each in self.events(request.execution_arn) if each["type"] == "TaskScheduled")
        body = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])["MessageBody"]
        return str((json.loads(body) if isinstance(body, str) else body)["task_token"])

    def ended(self, execution: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = aws_client("stepfunctions").describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        end = eventually(look, within=90)
        assert end is not None
        return end

    # --- signing ------------------------------------------------------------------------------------------------

    @cached_property
    def desk(self) -> Any:
        return desk_client(self.parameters)

    def person(self, user: str, printed_name: str, *roles: str, email: str | None = None) -> None:
        """One more who may sign."""
        table = self.parameters.tables.people
        add_person(self.parameters.cognito.user_pool, table, user, printed_name, *roles)
        if email is not None:
            people = PeopleTable(aws_client("dynamodb"), table)
            person = people.get(user)
            assert person is not None
            assert people.replace(person.model_copy(update={"email": email}))

    def sign(self, challenge_id: str, user: str, password: str = strong(PASSWORD)) -> SigningResult:
        proof = PasswordProof(username=user, password=SecretStr(password))
        result: SigningResult = self.desk.sign(SigningAnswer(challenge_id=challenge_id, proof=proof))
        return result

    def challenge(self, request: ApprovalRequest, meaning: Meaning, comment: str = "") -> str:
        order = SigningOrder(request_id=request.request_id, meaning=meaning, comment=comment)
        return str(self.desk.prepare(order, READER).challenge_id)

    def vigil(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command, as a process of its own."""
        return subprocess.run(
            [VIGIL, *arguments], capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
        )

    def command(
        self, verb: str, request_id: str, user: str, *more: str, password: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Somebody signs by the command line."""
        given = ("--user", user, "--password-file", str(self.password_file(user, password)), "--yes", *more)
        return self.vigil("approvals", verb, request_id, *given)

    def password_file(self, user: str, password: str | None = None) -> Path:
        """A file that holds it, which only we may read."""
        file = self.folder / f"{user}-{uuid.uuid4().hex[:6]}.password"
        file.write_text(password or strong(PASSWORD))
        file.chmod(0o600)
        return file

    def approve(self, request: ApprovalRequest) -> None:
        """Both signatures, by two processes."""
        for verb, user in (("review", "ben"), ("approve", "ana")):
            done = self.command(verb, request.request_id, user)
            assert done.returncode == 0, done.stderr

    def row(self, request: ApprovalRequest) -> ApprovalRequest:
        found = approvals_table(self.parameters).get(request.request_id)
        assert found is not None
        return found

    def delivered(self, request: ApprovalRequest) -> ApprovalRequest:
        found = eventually(lambda: (row := self.row(request)).delivered_at and row, within=100)
        assert isinstance(found, ApprovalRequest)
        return found

    def recorded(self, request: ApprovalRequest) -> list[Record]:
        return list(ledger_table(self.parameters).read(f"model:{request.run_key}"))

    # --- faults -------------------------------------------------------------------------------------------------

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        answer = aws_client("lambda").invoke(FunctionName=f"vigil-{STACK}-{function}", Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    @contextmanager
    def chaos(self, *rules: str) -> Iterator[None]:
        self._chaos(rules)
        try:
            yield
        finally:
            self._chaos(())

    def befallen(self) -> int:
        """How many calls have met a fault since the rules were set."""
        return sum(ask(self.server.url, "GET", CHAOS_PATH)["faults"].values())

    def _chaos(self, rules: tuple[str, ...]) -> None:
        ask(self.server.url, "POST", CHAOS_PATH, {"rules": list(rules)})

    def processes(self, function: str) -> list[int]:
        """The processes in which a function of this stack runs or is kept warm."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                variables = (entry / "environ").read_bytes().split(b"\0") if entry.name.isdigit() else []
            except OSError:
                continue
            own = any(str(self.server.state_dir).encode() in each for each in variables)
            if own and f"AWS_LAMBDA_FUNCTION_NAME=vigil-{STACK}-{function}".encode() in variables:
                found.append(int(entry.name))
        return found


def deployed_approvals(stack: FreshStack, folder: Path) -> Deployed:
    """Ana owns the model, Ben reviews; ``folder`` is for their files."""
    made = Deployed(stack.server, stack.parameters, folder, stack.outbox)
    _begin_at_the_wait(made.parameters.state_machines.train_and_promote)
    made.person("ana", "Ana Approver", ROLE)
    made.person("ben", "Ben Reviewer", REVIEWER)
    return made


def _begin_at_the_wait(machine: str) -> None:
    """The deployed definition with a beginning that takes the jobs' results from the input."""
    states = aws_client("stepfunctions")
    definition = json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
    taken = {"run": "{% $states.input.run %}", "candidate": "{% $states.input.candidate %}"}
    for name in ("PinRun", "Train", "Evaluate", "Gate", "GateVerdict", "Register"):  # unreachable now: refused
        del definition["States"][name]
    definition["StartAt"] = "Begin"
    definition["States"]["Begin"] = {"Type": "Pass", "Assign": taken, "Next": "WaitForApproval"}
    definition["States"]["Delivered"] = {"Type": "Succeed"}
    at_decision = {"Condition": "{% $run.ends_at_decision %}", "Next": "Delivered"}
    definition["States"]["Decision"]["Choices"].insert(0, at_decision)
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))
