"""A small container image: ``train``, ``process`` and ``serve``, told what to do by its inputs."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar


def train(root: Path) -> int:
    """Hyperparameter ``do`` names what happens; the model tells what the job saw."""
    hyperparameters = json.loads((root / "input/config/hyperparameters.json").read_text())
    print(f"training with {json.dumps(hyperparameters, sort_keys=True)}", flush=True)
    attempts = Path(hyperparameters["attempts"]) if "attempts" in hyperparameters else None
    if attempts is not None:
        with attempts.open("a") as file:
            leftovers = sorted(path.name for path in (root / "model").iterdir())
            file.write(json.dumps({"pid": os.getpid(), "leftovers": leftovers}) + "\n")
        (root / "model" / "half-written").write_text("from an attempt that may be interrupted")
    return act(hyperparameters.get("do", "succeed"), root)


def act(what: str, root: Path) -> int:
    return int(ACTIONS[what](root) or 0)


def succeed(root: Path) -> None:
    (root / "model/seen.json").write_text(json.dumps(seen(root)))
    (root / "output/data/report.json").write_text("{}")


def fail_with_a_reason(root: Path) -> int:
    (root / "output/failure").write_text("the loss is not a number" + "!" * 2000)
    return 1


def save_when_asked_to_stop(root: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: save_and_leave(root / "model"))
    wait_long()


def ignore_the_request_to_stop(root: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    wait_long()


def wait_for_a_file(root: Path) -> None:
    # Bounded, so that a failing test leaves no process behind for long.
    deadline = time.monotonic() + 60
    while not list((root / "input/data").rglob("go")) and time.monotonic() < deadline:
        time.sleep(0.05)


def be_killed_once(root: Path) -> None:
    """The machine kills the first attempt; the second one finds the first one's checkpoint."""
    checkpoint = root / "checkpoints" / "epoch-1"
    if not checkpoint.exists():
        checkpoint.parent.mkdir(exist_ok=True)
        checkpoint.write_text("state")
        os.kill(os.getpid(), signal.SIGKILL)
    (root / "model" / "resumed.json").write_text("{}")


def print_metrics(root: Path) -> None:
    for epoch, loss in enumerate(("0.9", "nan", "0.4")):
        print(f"epoch {epoch}: loss={loss}; no number={loss}x", flush=True)
    print("accuracy 7.5e-1", end="")


def print_a_score(root: Path) -> None:
    """The objective of a tuning job: best at x = 0.3; of some qualities it is worse, or there is none."""
    wanted = json.loads((root / "input/config/hyperparameters.json").read_text())
    quality = wanted.get("quality", "good")
    if quality == "broken":
        sys.exit(1)
    for epoch in range(3):
        score = 0.1 if quality == "hopeless" else 1 - (float(wanted.get("x", 0.3)) - 0.3) ** 2
        print(f"epoch {epoch} score={score:.9f};", flush=True)
    if quality in ("hopeless", "slow"):
        wait_long()


def print_much(root: Path) -> None:
    """Three megabytes, numbered."""
    for number in range(30_000):
        print(f"{number:08d} " + "x" * 90)


def leave_children_behind(root: Path) -> None:
    """One in the job's process group, one in a session of its own; both hold the log open."""
    for own_session in (False, True):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=own_session)
        print(f"child {child.pid}", flush=True)


def write_a_huge_failure(root: Path) -> int:
    with (root / "output/failure").open("w") as file:
        for _ in range(2000):
            file.write("the loss is not a number " * 1000)
    return 1


ACTIONS: dict[str, Callable[[Path], int | None]] = {
    "succeed": succeed,
    "exit": lambda root: 7,
    "fail with a reason": fail_with_a_reason,
    "kill itself": lambda root: os.kill(os.getpid(), signal.SIGKILL),
    "crash": lambda root: os.kill(os.getpid(), signal.SIGABRT),
    "save when asked to stop": save_when_asked_to_stop,
    "ignore the request to stop": ignore_the_request_to_stop,
    "wait for a file": wait_for_a_file,
    "be killed once": be_killed_once,
    "print metrics": print_metrics,
    "print much": print_much,
    "print a score": print_a_score,
    "leave children behind": leave_children_behind,
    "write a huge failure": write_a_huge_failure,
    "wait": lambda root: wait_long(),
    "write nothing": lambda root: None,
}


def save_and_leave(model: Path) -> None:
    (model / "saved.json").write_text("{}")
    os._exit(0)


def wait_long() -> None:
    print("waiting", flush=True)
    time.sleep(120)


def seen(root: Path) -> dict[str, object]:
    config = root / "input" / "config"
    files = sorted(path.relative_to(root).as_posix() for path in (root / "input" / "data").rglob("*") if path.is_file())
    return {
        "arguments": sys.argv[1:],
        "workdir": str(Path.cwd()),
        "environment": dict(os.environ),
        "hyperparameters": json.loads((config / "hyperparameters.json").read_text()),
        "channels": json.loads((config / "inputdataconfig.json").read_text()),
        "resources": json.loads((config / "resourceconfig.json").read_text()),
        "files": files,
    }


def process(root: Path, options: argparse.Namespace) -> int:
    if options.message:
        (root / "output/message").write_text(options.message)
    if options.garbled:
        (root / "output/message").write_bytes(b"\xff\xfe")
    if options.metric:
        folder = root / "output/metrics/cloudwatch"
        folder.mkdir(parents=True)
        (folder / "cloudwatch_metrics.jsonl").write_text(json.dumps({"MetricName": options.metric, "Value": 0.75}))
    if options.wait:
        wait_long()
    output = root / "processing" / "output"
    if output.is_dir():
        files = {
            path.relative_to(root).as_posix(): path.read_text()
            for path in (root / "processing").rglob("*")
            if path.is_file()
        }
        config = json.loads((root / "config/processingjobconfig.json").read_text())
        (output / "deep").mkdir()
        (output / "deep" / "seen.json").write_text(
            json.dumps({"files": files, "config": config, "environment": dict(os.environ)})
        )
    return int(options.exit)


class Handler(BaseHTTPRequestHandler):
    model: ClassVar[dict[str, object]] = {}

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        asked = self.path == "/execution-parameters"
        content = json.dumps(self.model.get("suggested", {})).encode() if asked else b""
        self.answer(503 if self.model.get("unhealthy") else 200, content)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.model.get("predict"):
            self.answer(*self.predict(body))
            return
        try:
            wanted = json.loads(body)
        except ValueError:
            wanted = None
        wanted = wanted if isinstance(wanted, dict) else {}
        if wanted.get("die"):
            os._exit(9)
        time.sleep(float(wanted.get("seconds", 0)) + float(str(self.model.get("seconds", 0))))
        reply = {
            "version": self.model.get("version"),
            "pid": os.getpid(),
            "received": len(body),
            "environment": os.environ.get("COLOUR"),
            "headers": {key.lower(): value for key, value in self.headers.items()},
        }
        content = json.dumps(reply).encode() + b" " * int(wanted.get("padding", 0))
        self.answer(int(wanted.get("status") or str(self.model.get("status", 200))), content)

    def predict(self, body: bytes) -> tuple[int, bytes]:
        """For each line the sum of its numbers, in the form of the line; some words have other effects."""
        is_csv = self.headers.get("Content-Type") == "text/csv"
        # The end of the line goes with it: requests are answered by several threads.
        print(f"asked for {len(body.splitlines())}\n", end="", flush=True)
        answers = []
        for line in body.decode().splitlines():
            if line == "bad":
                return 400, b""
            if line == "slow":
                time.sleep(1.5)
            if line == "die":
                os._exit(9)
            if line == "flaky" and not self.model.get("seen"):
                self.model["seen"] = True
                return 500, b""
            values = line.split(",") if is_csv else json.loads(line)
            numbers = [float(value) for value in values if str(value).replace(".", "").isdigit()]
            answers.append(f"{sum(numbers):g}" if is_csv else json.dumps({"sum": sum(numbers)}))
        return 200, "\n".join(answers).encode()

    def answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if attributes := self.headers.get("X-Amzn-SageMaker-Custom-Attributes"):
            self.send_header("X-Amzn-SageMaker-Custom-Attributes", attributes + "-seen")
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    daemon_threads = False  # requests in flight finish before the process ends
    request_queue_size = 128


def serve(root: Path) -> int:
    Handler.model = json.loads((root / "model" / "model.json").read_text())
    if Handler.model.get("broken"):
        print("the model cannot be read", flush=True)
        return 3
    time.sleep(float(str(Handler.model.get("start_seconds", 0))))
    server = Server(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler)
    if not Handler.model.get("abrupt"):
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"serving {Handler.model.get('version')}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["train", "process", "serve"])
    parser.add_argument("--root", type=Path, default=Path("/opt/ml"))
    parser.add_argument("--exit", type=int, default=0)
    parser.add_argument("--message", default="")
    parser.add_argument("--metric", default="")
    parser.add_argument("--garbled", action="store_true")
    parser.add_argument("--wait", action="store_true")
    options = parser.parse_args()
    if options.command == "train":
        return train(options.root)
    return process(options.root, options) if options.command == "process" else serve(options.root)


if __name__ == "__main__":
    sys.exit(main())
