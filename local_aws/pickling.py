"""How moto's objects become bytes: what pickle cannot do with locks, keys, weak dictionaries and S3 bodies."""

from __future__ import annotations

import io
import pickle
import tempfile
import threading
import weakref
from collections import OrderedDict
from typing import Any

import cloudpickle
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.core.base_backend import BackendDict, BaseBackend
from moto.s3.models import FakeKey

from local_aws.blobs import BlobFolder

LOCK, RE_ENTRANT_LOCK = type(threading.Lock()), type(threading.RLock())
PRIVATE_KEYS = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)
BODY, BACKEND = "s3-body", "backend"

#: Which body a buffer holds; moto never writes into a buffer again.
_names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """``bodies`` names the S3 bodies that the pickled objects refer to."""

    def __init__(self, blobs: BlobFolder) -> None:
        self._file = io.BytesIO()
        super().__init__(self._file, protocol=pickle.HIGHEST_PROTOCOL)
        self._blobs = blobs
        self.bodies: set[str] = set()

    def content(self) -> bytes:
        return self._file.getvalue()

    def persistent_id(self, value: Any) -> tuple[str, ...] | None:
        if isinstance(value, tempfile.SpooledTemporaryFile):
            return (BODY, self._body(value))
        if isinstance(value, BaseBackend):
            # Another service's backend, or a reference back to one's own: looked up again, never copied.
            service, region = _home_of(value)
            return (BACKEND, service, value.account_id, region)
        return None

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, LOCK):
            return threading.Lock, ()
        if isinstance(value, RE_ENTRANT_LOCK):
            return threading.RLock, ()
        if isinstance(value, threading.Condition):
            return threading.Condition, ()
        if isinstance(value, PRIVATE_KEYS):
            return _load_key, (_key_text(value),)
        if isinstance(value, weakref.WeakValueDictionary):
            return _weak_dictionary, (dict(value),)
        if isinstance(value, dict) and _is_motos_own(type(value)):
            # Some override reading and writing (S3's keeps every version of a key): copy what is really inside.
            inside = (dict(dict.items(value)), value.__dict__, getattr(value, "default_factory", None))
            return _bare_object, (type(value),), inside, None, None, _set_dictionary_state
        if isinstance(value, FakeKey):
            state = {name: item for name, item in value.__dict__.items() if name != "lock"}
            return _bare_object, (FakeKey,), state, None, None, _set_s3_state
        return super().reducer_override(value)

    def _body(self, buffer: Any) -> str:
        name = _names.get(buffer)
        if name is None:
            name = _names[buffer] = self._blobs.add(_content(buffer))
        self.bodies.add(name)
        return name


class Unpickler(pickle.Unpickler):
    """Reads what ``Pickler`` wrote; only ever used on the server's own state folder."""

    def __init__(self, content: bytes, blobs: BlobFolder) -> None:
        super().__init__(io.BytesIO(content))
        self._blobs = blobs

    def persistent_load(self, reference: Any) -> Any:
        if reference[0] == BODY:
            return self._buffer(reference[1])
        from moto.backends import get_backend

        _, service, account, region = reference
        return get_backend(service)[account][region]

    def _buffer(self, name: str) -> Any:
        from moto.settings import get_s3_default_key_buffer_size

        buffer = tempfile.SpooledTemporaryFile(get_s3_default_key_buffer_size())  # noqa: SIM115 - the S3 key owns it
        buffer.write(self._blobs.read(name))
        _names[buffer] = name
        return buffer


def _content(buffer: Any) -> bytes:
    if buffer.closed:
        return b""  # a deleted key whose object still lingers
    buffer.seek(0)
    content: bytes = buffer.read()
    return content


def _is_motos_own(kind: type) -> bool:
    return kind.__module__.startswith("moto.") and not issubclass(kind, OrderedDict)


def _bare_object(kind: Any) -> Any:
    return kind.__new__(kind)


def _set_dictionary_state(dictionary: Any, state: tuple[dict[Any, Any], dict[str, Any], Any]) -> None:
    items, attributes, default_factory = state
    for key, item in items.items():
        dict.__setitem__(dictionary, key, item)
    dictionary.__dict__.update(attributes)
    if default_factory is not None:
        dictionary.default_factory = default_factory


def _set_s3_state(key: FakeKey, state: dict[str, Any]) -> None:
    key.__dict__.update(state)
    key.lock = threading.Lock()


def _key_text(key: Any) -> bytes:
    text: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text


def _load_key(text: bytes) -> Any:
    return serialization.load_pem_private_key(text, None)


def _weak_dictionary(items: dict[Any, Any]) -> weakref.WeakValueDictionary[Any, Any]:
    dictionary: weakref.WeakValueDictionary[Any, Any] = weakref.WeakValueDictionary()
    dictionary.update(items)
    return dictionary


def _home_of(backend: BaseBackend) -> tuple[str, str]:
    """The service and region (``aws`` for global services) under which moto keeps a backend."""
    every: list[Any] = BackendDict._instances  # type: ignore[misc]
    for backends in every:
        if backends.backend is type(backend):
            for region, candidate in backends[backend.account_id].items():
                if candidate is backend:
                    return str(backends.service_name), str(region)
    raise pickle.PicklingError(f"moto's {type(backend).__name__} belongs to no known service")
