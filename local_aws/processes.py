"""Child processes of the server: jobs, endpoints, functions. Each is the leader of its own session and process group.

Every process is registered in the store with its start time, so that a restarted server can end what a killed one
left behind without ever hitting a re-used process id.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import IO, TYPE_CHECKING

from local_aws import process_table

if TYPE_CHECKING:
    from local_aws.api import Context
    from local_aws.store import Store

logger = logging.getLogger(__name__)

REGISTRY = "process"
MARK = "LOCAL_AWS_PROCESS"
LAUNCHER = Path(__file__).with_name("launcher.py")
OPT_ML = Path("/opt/ml")
START_TIMEOUT_SECONDS = 30.0
KILL_TIMEOUT_SECONDS = 10.0
DEFAULT_GRACE_SECONDS = 5.0


class ProcessStartError(Exception):
    """The child could not be started; the message says why."""


class Process:
    """A running child. Signals go to its whole process group; the group is ended when its leader exits."""

    def __init__(self, name: str, popen: subprocess.Popen[bytes], mark: str, forget: Callable[[Process], None]) -> None:
        self.name = name
        self.pid = popen.pid
        self.mark = mark
        self._popen = popen
        self._pidfd = os.pidfd_open(popen.pid)
        self._forget = forget
        self._lock = threading.Lock()
        self._code: int | None = None
        #: Called once, when the process has ended.
        self.on_end: Callable[[], None] = lambda: None

    def poll(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""
        with self._lock:
            if self._code is None and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
                # Not reaped yet, so the group id cannot have been re-used: end what the leader left behind.
                self._signal(signal.SIGKILL)
                self._code = self._popen.wait(timeout=KILL_TIMEOUT_SECONDS)
                os.close(self._pidfd)
                self._forget(self)
                self.on_end()
            return self._code

    def wait(self, timeout: float) -> int:
        """The exit code; raises ``TimeoutError`` when it still runs after ``timeout`` seconds."""
        code = self.poll()
        if code is None:
            self._await_exit(timeout)
            code = self.poll()
        if code is None:
            raise TimeoutError(f"{self.name} (pid {self.pid}) still runs after {timeout:g} s")
        return code

    def terminate(self, grace_seconds: float = DEFAULT_GRACE_SECONDS) -> int:
        """SIGTERM to the group, SIGKILL after the grace. Returns the exit code."""
        with self._lock:
            if self._code is None:
                self._signal(signal.SIGTERM)
        try:
            return self.wait(grace_seconds)
        except TimeoutError:
            return self.kill()

    def kill(self) -> int:
        """SIGKILL to the group. Returns the exit code."""
        with self._lock:
            if self._code is None:
                self._signal(signal.SIGKILL)
        return self.wait(KILL_TIMEOUT_SECONDS)

    def _await_exit(self, timeout: float) -> None:
        try:
            watched = os.dup(self._pidfd)
        except OSError:
            return  # another thread saw the exit in the meantime
        try:
            poller = select.poll()
            poller.register(watched, select.POLLIN)
            poller.poll(max(0.0, timeout) * 1000)
        finally:
            os.close(watched)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


class Supervisor:
    """Starts children and knows all of them.

    ``mounts_opt_ml`` tells whether a child can see a folder of its own as ``/opt/ml``; pass False to forbid it.
    """

    def __init__(self, store: Store, *, allow_mounts: bool = True) -> None:
        self._store = store
        self._running: dict[int, Process] = {}
        self._lock = threading.Lock()
        self._stopping = False
        self._orders: queue.SimpleQueue[tuple[Callable[[], Process], Future[Process]] | None] = queue.SimpleQueue()
        # PR_SET_PDEATHSIG fires when the *thread* that started the child ends, so one thread that lives as long
        # as the server starts them all.
        self._starter = threading.Thread(target=self._serve_orders, name="process-starter", daemon=True)
        self._starter.start()
        self._kill_leftovers()
        self.mounts_opt_ml = allow_mounts and self._probe_mounts()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log: Path,
        opt_ml: Path | None = None,
        stdin: bytes | None = None,
        pass_fds: Sequence[int] = (),
    ) -> Process:
        """Start ``argv`` in ``cwd`` with exactly ``env``; stdout and stderr are appended to ``log``.

        ``opt_ml`` is seen as ``/opt/ml``, or given as ``--root FOLDER`` where mounts are not possible.
        Raises ``ProcessStartError``.
        """
        if self._stopping:
            raise ProcessStartError(f"{name} could not be started: the server is stopping")
        command, mount = list(argv), "-"
        if opt_ml is not None:
            if self.mounts_opt_ml:
                mount = str(opt_ml.resolve())
            else:
                command += ["--root", str(opt_ml)]
        launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), mount, *command]
        mark = uuid.uuid4().hex
        marked = {**env, MARK: mark}

        def spawn() -> Process:
            return self._spawn(name, launch, cwd, marked, log, stdin, pass_fds)

        answer: Future[Process] = Future()
        self._orders.put((spawn, answer))
        try:
            return answer.result(START_TIMEOUT_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            raise ProcessStartError(f"{name} could not be started: {error}") from error

    def stop_all(self, grace_seconds: float = DEFAULT_GRACE_SECONDS) -> None:
        """End every child, all at the same time, and accept no new ones."""
        with self._lock:
            self._stopping = True
            running = list(self._running.values())
        threads = [threading.Thread(target=process.terminate, args=(grace_seconds,)) for process in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(grace_seconds + KILL_TIMEOUT_SECONDS)
        self._orders.put(None)

    def _serve_orders(self) -> None:
        while (order := self._orders.get()) is not None:
            spawn, answer = order
            try:
                answer.set_result(spawn())
            except Exception as error:
                answer.set_exception(error)

    def _spawn(
        self,
        name: str,
        command: list[str],
        cwd: Path,
        env: Mapping[str, str],
        log: Path,
        stdin: bytes | None,
        pass_fds: Sequence[int],
    ) -> Process:
        log.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as files, self._lock:
            if self._stopping:
                raise OSError("the server is stopping")
            output = files.enter_context(log.open("ab"))
            source: IO[bytes] | int = subprocess.DEVNULL
            if stdin is not None:
                source = files.enter_context(tempfile.TemporaryFile())
                source.write(stdin)
                source.seek(0)
            popen = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=source,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(pass_fds),
            )
            process = Process(name, popen, env[MARK], self._forget)
            self._running[process.pid] = process
            started = process_table.start_time(process.pid)
            self._store.put(
                REGISTRY,
                str(process.pid),
                {
                    **{"name": name, "started": started, "boot": process_table.boot_id()},
                    **{"mark": process.mark, "log": str(log)},
                },
            )
        return process

    def _forget(self, process: Process) -> None:
        with self._lock:
            if self._running.get(process.pid) is process:
                del self._running[process.pid]
                self._store.delete(REGISTRY, str(process.pid))

    def _kill_leftovers(self) -> None:
        for name in kill_registered(self._store):
            logger.warning("ended a leftover process of the previous server: %s", name)

    def _probe_mounts(self) -> bool:
        try:
            OPT_ML.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        with tempfile.TemporaryDirectory(prefix="local-aws-probe-") as folder:
            seen = Path(folder) / "seen"
            seen.touch()
            command = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), folder]
            command += ["/bin/sh", "-c", "test -e /opt/ml/seen"]
            try:
                probe = subprocess.run(command, capture_output=True, timeout=START_TIMEOUT_SECONDS, check=False)
            except (OSError, subprocess.SubprocessError):
                return False
        return probe.returncode == 0


def kill_registered(store: Store) -> list[str]:
    """End every registered process group that still is what was registered; returns the names of those ended."""
    ended = []
    for key, entry in store.list(REGISTRY):
        if entry["boot"] == process_table.boot_id() and process_table.kill_group(
            int(key), entry["started"], f"{MARK}={entry['mark']}"
        ):
            ended.append(str(entry["name"]))
        store.delete(REGISTRY, key)
    return ended


def child_environment(context: Context) -> dict[str, str]:
    """What a child needs to find this server, and nothing else of the server's own environment."""
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    own = context.credentials
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    if own is not None:
        keys = {"AWS_ACCESS_KEY_ID": own.access_key, "AWS_SECRET_ACCESS_KEY": own.secret_key}
        keys["AWS_SESSION_TOKEN"] = own.token
    return {
        "PATH": search,
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        # Says, to whoever looks at a process, which server it belongs to.
        "LOCAL_AWS_STATE_DIR": str(context.state_dir),
        "AWS_ENDPOINT_URL": context.endpoint,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_REGION": context.region,
        "AWS_DEFAULT_REGION": context.region,
        **keys,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
