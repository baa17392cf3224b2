"""What was made quicker in moto gives the same as before."""

from __future__ import annotations

import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from moto.core.utils import unix_time_millis
from moto.sqs.models import Message, Queue

from local_aws import determinism, moto_speed

NOW = 1_700_000_000_000.0
TIMES = st.sampled_from([0.0, NOW - 1, NOW, NOW + 1])


@given(states=st.lists(st.tuples(TIMES, TIMES), max_size=12))
def test_messages_are_counted_as_moto_counts_them(states: list[tuple[float, float]]) -> None:
    """moto: a message is visible when the time is past ``visible_at``, delayed when it is before ``delayed_until``."""
    moto_speed.quicken()
    determinism.cover("sqs")
    queue: Any = Queue.__new__(Queue)
    queue._messages, queue._messages_lock = [], threading.Condition()
    for visible_at, delayed_until in states:
        message = Message("id", "body")
        message.visible_at, message.delayed_until = visible_at, delayed_until
        queue._messages.append(message)
    with determinism.fixed(int(NOW) * 10**6, 1):
        assert unix_time_millis() == NOW
        visible = [visible_at < NOW for visible_at, _ in states]
        delayed = [delayed_until > NOW for _, delayed_until in states]
        assert [message.visible for message in queue._messages] == visible
        assert [message.delayed for message in queue._messages] == delayed
        ready = [seen and not late for seen, late in zip(visible, delayed, strict=True)]
        assert queue.approximate_number_of_messages == sum(ready)
        assert queue.messages == [message for message, is_ready in zip(queue._messages, ready, strict=True) if is_ready]
        assert queue.approximate_number_of_messages_delayed == sum(delayed)
        assert queue.approximate_number_of_messages_not_visible == len(states) - sum(visible)
