"""The one door of this process, and what sends its messages."""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.http import HttpRequest

from mydso_access import AccessControl, Message
from mydso_access.adapters.secret_box import AesGcmBox
from mydso_access.messages import wording

from .records import DjangoRepositories

_outbox = ThreadPoolExecutor(1, "outbox")  # in production a queue of yours, which outlives the process


@cache
def repositories() -> DjangoRepositories:
    """Return where the records are."""
    return DjangoRepositories()


@cache
def door() -> AccessControl:
    """Return the door, made when it is first asked for: in each process, after any fork."""
    surroundings = {"secret_box": AesGcmBox(settings.SEED_KEYS, current=settings.SEED_KEY)} | settings.ACCESS
    return AccessControl(repositories(), **surroundings)


def address_of(request: HttpRequest) -> str:
    """Return where somebody comes from; the proxies that may say so are declared in `settings.ACCESS`."""
    return door().client_address(request.META["REMOTE_ADDR"], request.META.get("HTTP_X_FORWARDED_FOR"))


def send(answer: Any) -> None:
    """Send the messages of an answer, whichever it is: outside of the request, whose transaction may be rolled back."""
    for message in answer.messages:
        _outbox.submit(_deliver, message)


def _deliver(message: Message) -> None:
    try:
        text = wording(message, link=settings.ACCESS_LINK)
        if "@" in message.to:
            send_mail(text.subject, text.body, None, [message.to])
        else:
            settings.SEND_SMS(message.to, text.body)
    except Exception:  # whatever the server of mails says, the answer to the request stands
        logging.getLogger(__name__).exception("a message was not sent")
