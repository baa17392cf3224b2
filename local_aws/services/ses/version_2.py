"""SendEmail of SES's second API.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.ses.operations import send_raw
from local_aws.services.ses.sending import rendered, send, template_of

#: What the second API calls errors of the first.
CODES = {
    "InvalidParameterValue": "BadRequestException",
    "InvalidRenderingParameter": "BadRequestException",
    "MissingRenderingAttribute": "BadRequestException",
    "TemplateDoesNotExist": "NotFoundException",
}


@operation("sesv2", "SendEmail")
def send_email(aws: Context, request: dict[str, Any]) -> dict[str, str]:
    try:
        return {"MessageId": _send(aws, request)}
    except ApiError as error:
        code = CODES.get(error.code, error.code)
        raise ApiError(code, error.message, 404 if code == "NotFoundException" else 400) from error


def _send(aws: Context, request: dict[str, Any]) -> str:
    content, destination = request["Content"], request.get("Destination", {})
    sender = request.get("FromEmailAddress")
    if "Raw" in content:
        recipients = [
            address
            for name in ("ToAddresses", "CcAddresses", "BccAddresses")
            for address in destination.get(name) or []
        ]
        return send_raw(aws, content["Raw"]["Data"], sender, recipients)
    if sender is None:
        raise ApiError("InvalidParameterValue", "FromEmailAddress must be given")
    if "Simple" in content:
        simple = content["Simple"]
        text, html = (simple["Body"][name]["Data"] if name in simple["Body"] else None for name in ("Text", "Html"))
        subject = simple["Subject"]["Data"]
    elif "Template" in content:
        subject, text, html = _from_template(aws, content["Template"])
    else:
        raise ApiError("InvalidParameterValue", "Content must hold Simple, Raw or Template")
    return send(aws, sender, subject, text, html, destination, request.get("ReplyToAddresses", []))


def _from_template(aws: Context, template: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """A template that moto keeps, or one that the request brings along."""
    data = template.get("TemplateData", "{}")
    if "TemplateContent" in template:
        parts = template["TemplateContent"]
        names = {"subject_part": "Subject", "text_part": "Text", "html_part": "Html"}
        return rendered({own: parts.get(name) for own, name in names.items()}, data)
    if "TemplateName" not in template:
        raise ApiError("InvalidParameterValue", "a template is named by TemplateName, or brought as TemplateContent")
    return rendered(template_of(aws, template["TemplateName"]), data)
