"""One running ``local_aws``: the HTTP server, the services and their orderly start and end."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from local_aws import endpoint_file, server_log, status
from local_aws.access import report
from local_aws.access.authorization import Authorization, Mode
from local_aws.access.data_keys import DataKeys
from local_aws.access.usage import Usage
from local_aws.api import Context
from local_aws.calls.incoming import Guard
from local_aws.calls.recorder import Recorder
from local_aws.chaos.injector import Injector
from local_aws.checkpointer import Checkpointer
from local_aws.clients import ClientCache
from local_aws.durability import Durability
from local_aws.gateway import Gateway
from local_aws.identity.authentication import Authentication
from local_aws.identity.credentials import Issuer
from local_aws.images import load_images
from local_aws.moto_backend import MotoBackend
from local_aws.processes import Supervisor
from local_aws.server_controls import ACCESS_PATH, CHAOS_PATH, STATUS_PATH
from local_aws.services import registry
from local_aws.services.dynamodb.expiry import Expiry
from local_aws.services.dynamodb.limits import Limits
from local_aws.services.mwaa.environments import load_environments
from local_aws.services.s3_checksums import Checksums
from local_aws.settings import ServerSettings
from local_aws.store import Store

logger = logging.getLogger(__name__)

STOP_GRACE_SECONDS = 5.0
DRAIN_SECONDS = 5.0
STALLED_CONNECTION_SECONDS = 120


class PortInUseError(Exception):
    """The port that was asked for belongs to another process."""


@dataclass(frozen=True)
class Settings:
    """``advertised_url`` is what clients are told when the server listens on another name than they use."""

    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    images: tuple[Path, ...] = field(default_factory=tuple)
    allow_mounts: bool = True
    advertised_url: str | None = None
    fsync: bool = False
    mwaa_environments: tuple[Path, ...] = ()
    iam: Mode = "off"
    chaos: tuple[str, ...] = ()
    chaos_seed: int = 0


class RequestHandler(MotoRequestHandler):
    """HTTP/1.1 for chunked answers; werkzeug closes each connection after its answer (some 0.3 ms on loopback)."""

    protocol_version = "HTTP/1.1"
    # Without it a small answer waits for the client's delayed acknowledgement, 40 ms.
    disable_nagle_algorithm = True
    timeout = STALLED_CONNECTION_SECONDS

    def log(self, type: str, message: str, *args: object) -> None:
        # Request lines hold presigned signatures; failures are logged where they happen.
        logger.debug("%s %s", type, self.command)


class Server:
    """Start with ``start``, end with ``stop``; both once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._modules: list[ModuleType] = []
        self._chaos = Injector(settings.chaos, settings.chaos_seed)

    def start(self) -> str:
        """Restore the state, resume what was running and answer requests; returns the URL."""
        settings = self._settings
        images = load_images(settings.images)
        airflows = load_environments(settings.mwaa_environments)
        self._lock = endpoint_file.claim(settings.state_dir)
        self._log = server_log.keep_log(settings.state_dir)
        started = datetime.now(UTC)
        self._store = Store(settings.state_dir / "state.sqlite3")
        # Before the journal is replayed: some modules correct moto itself.
        self._modules = registry.load()
        self._moto = MotoBackend()
        self._durability = Durability(settings.state_dir / "moto", self._moto, fsync=settings.fsync)
        self._durability.restore()
        self._checkpointer = Checkpointer(self._durability)
        self._expiry = Expiry(self._moto)
        self._supervisor = Supervisor(self._store, allow_mounts=settings.allow_mounts)
        self._gateway = Gateway(self._moto)
        self._http = self._listen()
        url = settings.advertised_url or f"http://{settings.host}:{self._http.port}"
        issuer = Issuer(self._store)
        issuer.revoke_of_processes()
        clients = ClientCache(url)
        self._recorder = Recorder(settings.state_dir, ServerSettings.from_environment().calls_kept)
        self._context = Context(
            endpoint=url,
            state_dir=settings.state_dir.resolve(),
            store=self._store,
            supervisor=self._supervisor,
            client=clients,
            images=images,
            airflows=airflows,
            issuer=issuer,
            calls=self._recorder,
        )
        self._usage = Usage(self._store)
        self._gateway.guards = self._guards(issuer, clients.access_key)
        self._gateway.controls[STATUS_PATH] = status.answers(self._context, self._durability, started)
        self._gateway.controls[CHAOS_PATH] = self._chaos.control
        self._gateway.controls[ACCESS_PATH] = report.answers(self._usage, settings.iam)
        self._gateway.context = self._context
        self._checkpointer.start()
        self._expiry.start()
        # How often it looks whether it is to end: half a second, if nothing is said, is what each stop would take.
        threading.Thread(target=self._http.serve_forever, args=(0.05,), name="http", daemon=True).start()
        registry.resume(self._context, self._modules)
        endpoint_file.write(settings.state_dir, endpoint_file.of_this_process(url, self._http.port))
        return url

    def stop(self) -> None:
        """End children, answer what was asked, save everything."""
        # Services stop first and may still use the endpoint while they do.
        registry.shutdown(self._context, self._modules)
        self._chaos.stop()
        self._moto.close()
        self._expiry.stop()
        self._supervisor.stop_all(STOP_GRACE_SECONDS)
        if not self._gateway.wait_idle(DRAIN_SECONDS):
            logger.warning("some requests were still unanswered after %g s", DRAIN_SECONDS)
        self._http.shutdown()
        self._http.server_close()
        self._usage.save()
        self._recorder.stop()
        self._checkpointer.stop()
        self._durability.close()
        self._store.close()
        written = endpoint_file.read(self._settings.state_dir)
        if written is not None:
            endpoint_file.write(self._settings.state_dir, replace(written, pid=None, started_ticks=None))
        server_log.drop_log(self._log)
        self._lock.close()

    def _guards(self, issuer: Issuer, server_key: str) -> list[Guard]:
        """The record sees every answer; nobody is asked for permission before it is known who asks."""
        mode = self._settings.iam
        authentication = Authentication(issuer, server_key, enforce=mode == "enforce")
        guards: list[Guard] = [self._recorder, authentication, self._chaos]
        if mode != "off":
            guards.append(Authorization(mode, self._usage, lambda: self._gateway.context))
        return [*guards, Checksums(), Limits(), DataKeys()]

    def _listen(self) -> BaseWSGIServer:
        settings = self._settings
        previous = endpoint_file.read(settings.state_dir)
        if settings.port == 0 and previous is not None:
            try:
                return self._bind(previous.port)
            except PortInUseError:
                logger.warning("port %d of the previous server is taken; choosing another", previous.port)
        return self._bind(settings.port)

    def _bind(self, port: int) -> BaseWSGIServer:
        host = self._settings.host
        try:
            # Bound here: werkzeug would end the whole process when the port is taken.
            listener = socket.create_server((host, port), backlog=128)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUseError(
                f"port {port} on {host} is in use by another process: stop it, or start with --port 0 for a free one"
            ) from error
        with listener:
            return make_server(
                host,
                listener.getsockname()[1],
                self._gateway,
                threaded=True,
                request_handler=RequestHandler,
                fd=listener.fileno(),
            )
