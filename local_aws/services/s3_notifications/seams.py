"""The places in moto's S3 where objects come and go."""

from __future__ import annotations

import threading
from typing import Any

from moto.s3 import notifications
from moto.s3.models import S3Backend
from moto.s3.notifications import S3NotificationEvent

from local_aws.api import Context
from local_aws.services.announcements import announce, announce_once, listening
from local_aws.services.s3_notifications.happenings import Happening, tell, tell_test

_delete_object = S3Backend.delete_object


class _Request(threading.local):
    """What happened in the current request."""

    def __init__(self) -> None:
        self.noted: list[tuple[Happening, list[tuple[str, str]], bool]] = []


class _Quiet(threading.local):
    """moto tells only of some deletions: while it deletes, it is not listened to."""

    on = False


_quiet = _Quiet()
_request = _Request()


def install() -> None:
    notifications.send_event = _send_event
    notifications.send_test_event = _send_test_event
    S3Backend.delete_object = _deleted  # type: ignore[method-assign, assignment]


def _send_event(account_id: str, event_name: S3NotificationEvent, bucket: Any, key: Any) -> None:
    if _quiet.on or bucket.notification_configuration is None:
        return
    version = key.version_id if bucket.is_versioned else None
    _tell(bucket, str(event_name.value), key.name, version, int(key.size), key.etag.replace('"', ""))


def _tell(
    bucket: Any, event: str, key: str, version: str | None, size: int | None = None, etag: str | None = None
) -> None:
    configuration = bucket.notification_configuration
    if configuration is None:
        return
    wanted = [
        (each.arn, each.id)
        for kind in (configuration.cloud_function, configuration.queue, configuration.topic)
        for each in kind
        if each.matches(event, key)
    ]
    on_bus = configuration.event_bridge is not None
    happening = Happening(event, bucket.name, bucket.arn, key, version, size, etag)
    if (wanted or on_bus) and listening():
        if announce_once(_tell_all):
            _request.noted = []
        _request.noted.append((happening, wanted, on_bus))


def _tell_all(aws: Context) -> None:
    """moto tells of a put within the completion of an upload, and of tags within each put; S3 does not."""
    noted, _request.noted = _request.noted, []
    events = {(happening.key, happening.event) for happening, _, _ in noted}
    for happening, wanted, on_bus in noted:
        completed = (happening.key, "s3:ObjectCreated:CompleteMultipartUpload") in events
        created = any(key == happening.key and event.startswith("s3:ObjectCreated:") for key, event in events)
        if (completed and happening.event == "s3:ObjectCreated:Put") or (
            created and not happening.event.startswith("s3:ObjectCreated:")
        ):
            continue
        tell(aws, happening, wanted, on_bus=on_bus)


def _send_test_event(account_id: str, bucket: Any) -> None:
    """Queues and topics get a message when they are configured, functions do not."""
    configuration = bucket.notification_configuration
    arns = sorted({each.arn for kind in (configuration.queue, configuration.topic) for each in kind})
    name = bucket.name
    if arns:
        announce(lambda aws: tell_test(aws, name, arns))


def _deleted(
    backend: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
) -> tuple[bool, dict[str, Any]]:
    bucket = backend.get_bucket(bucket_name)
    versioned = getattr(bucket, "is_versioned", False)
    _quiet.on = True
    try:
        done, told = _delete_object(backend, bucket_name, key_name, version_id, bypass)
    finally:
        _quiet.on = False
    if done and getattr(bucket, "notification_configuration", None) is not None:
        marker = versioned and version_id is None
        event = "s3:ObjectRemoved:DeleteMarkerCreated" if marker else "s3:ObjectRemoved:Delete"
        _tell(bucket, event, key_name, told.get("version-id") if versioned else None)
    return done, told
