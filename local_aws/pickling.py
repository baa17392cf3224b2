"""How moto's objects become bytes: what pickle cannot do with locks, keys, weak dictionaries and S3 bodies."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import tempfile
import threading
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import cloudpickle
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.s3.models import FakeKey
from moto.settings import get_s3_default_key_buffer_size

from local_aws.blobs import BlobFolder

#: Bodies from this size on are written when moto takes them, so that a checkpoint need not read them again.
LARGE_BYTES = 64 * 1024
#: Which body a buffer holds.
_names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
#: Where bodies are read from while a snapshot is loaded.
_source = threading.local()


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """``bodies`` names the S3 bodies that the pickled objects refer to."""

    def __init__(self, blobs: BlobFolder) -> None:
        self._file = io.BytesIO()
        super().__init__(self._file, protocol=pickle.HIGHEST_PROTOCOL)
        self._blobs = blobs
        self._reducers: dict[type, Callable[[Any], Any] | None] = {}
        self.bodies: set[str] = set()

    def content(self) -> bytes:
        return self._file.getvalue()

    def reducer_override(self, value: Any) -> Any:
        # Called for every object: which rule applies is decided once for each type.
        kind = type(value)
        if kind not in self._reducers:
            self._reducers[kind] = self._reducer(kind)
        reducer = self._reducers[kind]
        if reducer is not None:
            return reducer(value)
        return super().reducer_override(value) if issubclass(kind, FROM_CLOUDPICKLE) else NotImplemented

    def _reducer(self, kind: type) -> Callable[[Any], Any] | None:
        if kind is tempfile.SpooledTemporaryFile:
            return self._reduce_buffer
        rules = [rule for base, rule in RULES if issubclass(kind, base)]
        if not rules and issubclass(kind, dict) and _is_motos_own(kind):
            return _reduce_dictionary
        return rules[0] if rules else None

    def _reduce_buffer(self, buffer: Any) -> Any:
        name = _names.get(buffer)
        if name is None:
            name = _names[buffer] = self._blobs.add(_content(buffer))
        self.bodies.add(name)
        return _load_buffer, (name,)


def load(content: bytes, blobs: BlobFolder) -> Any:
    """What ``Pickler`` wrote. Only ever used on the server's own state folder."""
    _source.blobs = blobs
    return pickle.loads(content)  # noqa: S301 - our own file, in a folder only the user can write


def _load_buffer(name: str) -> Any:
    buffer = tempfile.SpooledTemporaryFile(get_s3_default_key_buffer_size())  # noqa: SIM115 - the S3 key owns it
    buffer.write(_source.blobs.read(name))
    _names[buffer] = name
    return buffer


def _content(buffer: Any) -> bytes:
    if buffer.closed:
        return b""  # a deleted key whose object still lingers
    if buffer._rolled:
        # A checkpoint's process shares the file and its position with the server: read without moving it.
        number = buffer.fileno()
        return os.pread(number, os.fstat(number).st_size, 0)
    buffer.seek(0)
    content: bytes = buffer.read()
    return content


def write_large_bodies_at_once(blobs: BlobFolder) -> None:
    """From here on an S3 body of ``LARGE_BYTES`` or more is in ``blobs`` as soon as moto has it."""
    plain: Any = FakeKey.value
    while hasattr(plain.fset, "plain"):
        plain = plain.fset.plain

    def write(key: FakeKey, body: bytes) -> None:
        plain.fset(key, body)
        buffer = key._value_buffer
        buffer.flush()  # for ``_content``, which reads past Python's own buffer
        _names.pop(buffer, None)
        if key.contentsize >= LARGE_BYTES:
            with contextlib.suppress(OSError):  # a full disk: the next checkpoint tries again
                _names[buffer] = blobs.add(body if isinstance(body, bytes) else _content(buffer))

    write.plain = plain  # type: ignore[attr-defined]
    FakeKey.value = plain.setter(write)  # type: ignore[method-assign]


def _is_motos_own(kind: type) -> bool:
    return kind.__module__.startswith("moto.") and not issubclass(kind, OrderedDict)


def _reduce_dictionary(value: Any) -> Any:
    """Some override reading and writing (S3's keeps every version of a key): copy what is really inside."""
    inside = (dict(dict.items(value)), value.__dict__, getattr(value, "default_factory", None))
    return _bare_object, (type(value),), inside, None, None, _set_dictionary_state


def _set_dictionary_state(dictionary: Any, state: tuple[dict[Any, Any], dict[str, Any], Any]) -> None:
    items, attributes, default_factory = state
    for key, item in items.items():
        dict.__setitem__(dictionary, key, item)
    dictionary.__dict__.update(attributes)
    if default_factory is not None:
        dictionary.default_factory = default_factory


def _bare_object(kind: Any) -> Any:
    return kind.__new__(kind)


def _reduce_s3_key(key: FakeKey) -> Any:
    state = {name: item for name, item in key.__dict__.items() if name != "lock"}
    return _bare_object, (FakeKey,), state, None, None, _set_s3_state


def _set_s3_state(key: FakeKey, state: dict[str, Any]) -> None:
    key.__dict__.update(state)
    key.lock = threading.Lock()


def _reduce_private_key(key: Any) -> Any:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _load_key, (text,)


def _load_key(text: bytes) -> Any:
    return serialization.load_pem_private_key(text, None)


def _reduce_certificate(certificate: x509.Certificate) -> Any:
    return _load_certificate, (certificate.public_bytes(serialization.Encoding.PEM),)


def _load_certificate(text: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(text)


def _reduce_weak_dictionary(dictionary: Any) -> Any:
    return _weak_dictionary, (dict(dictionary),)


def _weak_dictionary(items: dict[Any, Any]) -> weakref.WeakValueDictionary[Any, Any]:
    dictionary: weakref.WeakValueDictionary[Any, Any] = weakref.WeakValueDictionary()
    dictionary.update(items)
    return dictionary


def _reduce_backend(backend: BaseBackend) -> Any:
    """Another service's backend, or a reference back to one's own: looked up again, never copied."""
    every: list[Any] = BackendDict._instances  # type: ignore[misc]
    for backends in every:
        if backends.backend is type(backend):
            for region, candidate in backends[backend.account_id].items():
                if candidate is backend:
                    return _find_backend, (str(backends.service_name), backend.account_id, str(region))
    raise pickle.PicklingError(f"moto's {type(backend).__name__} belongs to no known service")


def _find_backend(service: Any, account: str, region: str) -> BaseBackend:
    backend: BaseBackend = get_backend(service)[account][region]
    return backend


#: Types that pickle cannot do, and how it is done instead.
RULES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (type(threading.Lock()), lambda lock: (threading.Lock, ())),
    (type(threading.RLock()), lambda lock: (threading.RLock, ())),
    (threading.Condition, lambda condition: (threading.Condition, ())),
    (rsa.RSAPrivateKey, _reduce_private_key),
    (ec.EllipticCurvePrivateKey, _reduce_private_key),
    (x509.Certificate, _reduce_certificate),
    (weakref.WeakValueDictionary, _reduce_weak_dictionary),
    (FakeKey, _reduce_s3_key),
    (BaseBackend, _reduce_backend),
)
#: What cloudpickle is here for; everything else goes the fast way.
FROM_CLOUDPICKLE = (type, types.FunctionType)
