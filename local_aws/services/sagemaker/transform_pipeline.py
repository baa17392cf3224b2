"""From input objects to output files: requests in parallel, answers in the order of the records."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from local_aws.api import Context
from local_aws.services.job_process import LOOK_SECONDS, Control
from local_aws.services.s3_transfer import TransferError
from local_aws.services.sagemaker.transform_client import InvocationError, ModelClient
from local_aws.services.sagemaker.transform_input import fetch, sources
from local_aws.services.sagemaker.transform_records import Processing, RecordError, payloads
from local_aws.services.sagemaker.transform_shapes import TransformInput

SEE_LOGS = "See job logs for more information"


class Stopped(Exception):  # noqa: N818 - a request, not an error
    """Somebody has asked the job to stop."""


@dataclass
class _Output:
    """What becomes of one object; ``failure`` is the reason why nothing does."""

    uri: str
    path: str
    file: Path
    failure: str | None = None


@dataclass(frozen=True)
class _Request:
    output: _Output
    records: list[bytes]
    answer: Future[bytes]


@dataclass
class Pipeline:
    """``limit_bytes`` 0 means no limit; ``newline`` ends each answer with one."""

    context: Context
    source: TransformInput
    folder: Path
    client: ModelClient
    single: bool
    limit_bytes: int
    parallel: int
    newline: bool
    processing: Processing | None
    alive: Callable[[], bool]
    data_log: Path
    _outputs: list[_Output] = field(default_factory=list)

    def run(self, control: Control) -> tuple[list[tuple[str, Path]], str | None]:
        """(path, file) of each output, and why the job has failed, if it has.

        Raises ``Stopped``, ``InterruptedByShutdownError`` and ``TransferError``.
        """
        executor = ThreadPoolExecutor(self.parallel, thread_name_prefix="sagemaker-transform")
        waiting: deque[_Request] = deque()
        try:
            for output, records in self._batches():
                _check(control)
                waiting.append(self._ask(executor, output, records))
                if len(waiting) >= self.parallel:
                    self._take(waiting.popleft(), control)
            while waiting:
                self._take(waiting.popleft(), control)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
        failures = [output.failure for output in self._outputs if output.failure]
        good = [(output.path, output.file) for output in self._outputs if not output.failure]
        return good, failures[0] if failures else None

    def _batches(self) -> Iterator[tuple[_Output, list[bytes]]]:
        """Each object is here only while it is read."""
        split = self.source.get("SplitType", "None") == "Line"
        for number, (uri, path) in enumerate(sources(self.context, self.source, self.folder)):
            output = _Output(uri, path, self.folder / f"{number}.out")
            self._outputs.append(output)
            file = fetch(self.context, uri, self.source, self.folder / f"{number}.in")
            output.file.touch()
            try:
                for records in payloads(file, split=split, single=self.single, limit_bytes=self.limit_bytes):
                    if output.failure:
                        break
                    yield output, records
            except RecordError as error:
                self._fail(output, f"ClientError: {SEE_LOGS}", str(error))
            file.unlink()
        if not self._outputs:
            raise TransferError("no S3 objects found in the input data source")

    def _ask(self, executor: ThreadPoolExecutor, output: _Output, records: list[bytes]) -> _Request:
        try:
            prepared = records if self.processing is None else self.processing.prepare(records)
        except RecordError as error:
            answer: Future[bytes] = Future()
            answer.set_exception(error)
            return _Request(output, records, answer)
        return _Request(output, records, executor.submit(self.client.invoke, b"".join(prepared)))

    def _take(self, request: _Request, control: Control) -> None:
        output = request.output
        try:
            answer = self._await(request.answer, control)
            if self.processing is not None:
                answer = self.processing.finish(request.records, answer)
            if self.newline:
                answer = answer.removesuffix(b"\n") + b"\n"
        except InvocationError as error:
            self._fail(output, f"AlgorithmError: {SEE_LOGS}", str(error))
        except RecordError as error:
            self._fail(output, f"ClientError: {SEE_LOGS}", str(error))
        else:
            if not output.failure:
                with output.file.open("ab") as file:
                    file.write(answer)

    def _await(self, answer: Future[bytes], control: Control) -> bytes:
        while True:
            _check(control)
            try:
                return answer.result(LOOK_SECONDS)
            except NotYetError:
                if not answer.done() and not self.alive():
                    raise InvocationError("Model server ended") from None

    def _fail(self, output: _Output, reason: str, why: str) -> None:
        if output.failure is None:
            output.failure = reason
            output.file.unlink(missing_ok=True)
            self.data_log.parent.mkdir(parents=True, exist_ok=True)
            with self.data_log.open("a", encoding="utf-8") as log:
                moment = datetime.now(UTC).isoformat(timespec="milliseconds")
                log.write(f"{moment}:[sagemaker logs]: {output.uri.removeprefix('s3://')}: {why}\n")


def _check(control: Control) -> None:
    control.check_closing()
    if control.stop.is_set():
        raise Stopped
