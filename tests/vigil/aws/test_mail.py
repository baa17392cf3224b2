import pytest
from botocore.exceptions import ClientError

from vigil.approvals.reminder_text import MailText
from vigil.aws.mail import SesMail

TEXT = MailText("subject", "body\n")


class Ses:
    def __init__(self, code=None):
        self.code, self.sent = code, []

    def send_email(self, **request):
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "SendEmail")
        self.sent.append(request)


def test_one_plain_text_goes_to_one_person():
    ses = Ses()
    assert SesMail(ses, "vigil@example.org").send("ana@example.org", TEXT)
    (request,) = ses.sent
    assert request["Source"] == "vigil@example.org"
    assert request["Destination"] == {"ToAddresses": ["ana@example.org"]}
    assert set(request["Message"]["Body"]) == {"Text"}


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.org, all@example.org", "ana@example.org\r\nBcc: all@example.org", "Ana <ana@example.org>", "ana",
        "ana@example.org;all@example.org", "ana@", "@example.org", "a na@example.org", "ana@example.org\n",
    ],
)  # fmt: skip
def test_what_is_not_one_address_gets_no_mail_and_is_not_in_the_log(address, caplog):
    ses = Ses()
    assert not SesMail(ses, "vigil@example.org").send(address, TEXT)
    assert ses.sent == []
    assert address not in caplog.text


def test_a_service_that_refuses_is_logged_and_no_error(caplog):
    assert not SesMail(Ses("Throttling"), "vigil@example.org").send("ana@example.org", TEXT)
    assert "could not be sent" in caplog.text
