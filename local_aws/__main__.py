"""``python -m local_aws COMMAND``: AWS on one machine, one endpoint, state kept in a folder."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path

from local_aws import control, server_controls, settings, status
from local_aws.access import command as access_command
from local_aws.calls import command as calls_command
from local_aws.chaos import command as chaos_command
from local_aws.control import StopError
from local_aws.endpoint_file import StateFolderError
from local_aws.images import ImageFileError
from local_aws.server_controls import STATUS_PATH, ControlError
from local_aws.settings import SettingError
from local_aws.store import StoreError

FAILED = 1
NOT_RUNNING = 3
#: What is told in one line, without a traceback.
KNOWN_ERRORS = (StateFolderError, ImageFileError, StoreError, StopError, ControlError, SettingError)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, 1 for an error (explained on stderr), 3 from ``status`` when nothing runs."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "start":
            return _start(options)
        if "run" in options:
            return int(options.run(options))
        if options.command == "stop":
            ended = control.stop(options.state_dir, options.timeout)
            print("stopped" if ended else "was not running")  # noqa: T201
            return 0
        if options.command == "limits":
            print("\n".join(settings.lines()))  # noqa: T201
            return 0
        return _status(options)
    except KNOWN_ERRORS as error:
        sys.stderr.write(f"local_aws: {error}\n")
        return FAILED


def _status(options: argparse.Namespace) -> int:
    endpoint = control.running(options.state_dir)
    told = None if endpoint is None else server_controls.ask(f"http://127.0.0.1:{endpoint.port}", "GET", STATUS_PATH)
    if options.json:
        print(json.dumps({"running": False} if told is None else {"running": True, **told}, indent=2))  # noqa: T201
    elif endpoint is None or told is None:
        print("not running")  # noqa: T201
    else:
        print("\n".join([f"running: {endpoint.url} (pid {endpoint.pid})", *status.lines(told)]))  # noqa: T201
    return NOT_RUNNING if endpoint is None else 0


def _start(options: argparse.Namespace) -> int:
    settings.lines()  # a value that cannot be used is refused now, not by the job that reads it
    _settle_environment()
    if options.mail_dir is not None:
        os.environ["LOCAL_AWS_MAIL_DIR"] = str(options.mail_dir.resolve())
    # The state holds key material, secrets and task tokens.
    os.umask(0o077)
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    # Imported here: moto takes a second, and reads its settings from the environment when it is imported.
    from local_aws.access.authorization import mode_of
    from local_aws.journal import JournalError
    from local_aws.server import PortInUseError, Server, Settings
    from local_aws.services.mwaa.environments import EnvironmentFileError
    from local_aws.snapshot import SnapshotError

    mode = mode_of(options.iam)
    if mode != "off":
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # roles may have AWS's own policies attached
    asked_to_stop = _stop_signals()
    server = Server(
        Settings(
            state_dir=options.state_dir,
            host=options.host,
            port=options.port,
            images=tuple(options.image),
            allow_mounts=not options.no_mounts,
            advertised_url=options.advertised_url,
            fsync=options.fsync,
            mwaa_environments=tuple(options.mwaa_environment),
            iam=mode,
            chaos=tuple(options.chaos),
            chaos_seed=options.chaos_seed,
        )
    )
    try:
        url = server.start()
    except (PortInUseError, SnapshotError, JournalError, EnvironmentFileError) as error:
        sys.stderr.write(f"local_aws: {error}\n")
        return FAILED
    except OSError as error:
        what = f"{error.filename or options.state_dir}: {error.strerror}"
        sys.stderr.write(f"local_aws: {what}: give this user room and the right to write there, then start again\n")
        return FAILED
    print(f"local_aws answers at {url}", flush=True)  # noqa: T201
    asked_to_stop.recv(1)
    server.stop()
    return 0


def _stop_signals() -> socket.socket:
    """A socket that gets a byte for each SIGTERM and SIGINT.

    The kernel may hand a signal to any thread, and a main thread that waits for a lock would then not notice.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.detach())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return reader


def _settle_environment() -> None:
    """The caller's AWS settings are about real accounts or about this very server: neither may leak in."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_"))]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_aws", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="run in the foreground until SIGTERM or SIGINT")
    start.add_argument("--port", type=int, default=0, help="default: the previous port of this folder, else a free one")
    start.add_argument("--host", default="127.0.0.1", help="address to listen on")
    start.add_argument("--advertised-url", help="URL that children and endpoint.json use instead of host and port")
    start.add_argument("--image", type=Path, action="append", default=[], help="image file (TOML); may be repeated")
    start.add_argument("--mail-dir", type=Path, help="outbox for mail; default: LOCAL_AWS_MAIL_DIR, else <state>/mail")
    start.add_argument("--no-mounts", action="store_true", help="pass --root to jobs instead of mounting /opt/ml")
    start.add_argument(
        "--mwaa-environment", type=Path, action="append", default=[], help="environment file (TOML); may be repeated"
    )
    start.add_argument("--fsync", action="store_true", help="let no answer out before the disk has the change")
    start.add_argument("--iam", choices=["off", "record", "enforce"], help="default: LOCAL_AWS_IAM, else off")
    chaos_command.add_options(start)
    start.add_argument("--log-level", default="warning", choices=["debug", "info", "warning", "error"])
    stop = commands.add_parser("stop", help="end a running server and everything it started")
    stop.add_argument("--timeout", type=float, default=control.STOP_TIMEOUT_SECONDS, help="seconds before SIGKILL")
    asked = commands.add_parser("status", help="say what runs; exit code 3 when no server does")
    asked.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("limits", help="list the LOCAL_AWS_ variables with the values in force")
    calls = calls_command.add_command(commands)
    access = access_command.add_command(commands)
    chaos = chaos_command.add_command(commands)
    for command in (start, stop, asked, calls, access, chaos):
        command.add_argument("--state-dir", type=Path, required=True, help="folder that holds the server's state")
    return parser


def run() -> int:
    """The command: ``main``, for whom a reader that has seen enough is no error."""
    try:
        return main()
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


if __name__ == "__main__":
    sys.exit(run())
