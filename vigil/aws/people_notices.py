"""``PeopleNotices`` on AWS: the stack's topic, and mail where the stack has an address to send from."""

from __future__ import annotations

from vigil.approvals.reminder_text import MailText
from vigil.aws.mail import SesMail
from vigil.aws.notifications import Notifications


class TopicAndMail:
    def __init__(self, topic: Notifications, mail: SesMail | None) -> None:
        self._topic = topic
        self._mail = mail

    def tell(self, address: str | None, text: MailText, facts: dict[str, object]) -> None:
        self._topic.publish(text.subject, facts)
        if self._mail is not None and address is not None:
            self._mail.send(address, text)
