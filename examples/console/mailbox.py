"""What is to be sent: put into a table as into a queue. Nothing leaves the machine; the mailbox page shows it."""

from datetime import UTC, datetime

from attrs import frozen
from sqlalchemy import Engine, insert, or_, select

from examples.console.tables import MAILBOX
from mydso_access import AddressCodeMessage, Clock, Message
from mydso_access.messages import wording

SHOWN = 100


@frozen
class Letter:
    """One message as it went out."""

    number: int
    channel: str
    recipient: str
    subject: str
    body: str
    at: datetime


@frozen(eq=False)
class Mailbox:
    """The queue of outgoing messages."""

    engine: Engine
    clock: Clock
    base_url: str

    def send(self, messages: tuple[Message, ...]) -> None:
        """Put the messages of an answer into the queue."""
        if messages:
            rows = [self._row(message) for message in messages]
            with self.engine.begin() as connection:
                connection.execute(insert(MAILBOX), rows)

    def post(self, recipient: str, subject: str, body: str) -> None:
        """Put an e-mail of the console's own into the queue."""
        row = {"channel": "e-mail", "recipient": recipient, "subject": subject, "body": body, "at": self._now()}
        with self.engine.begin() as connection:
            connection.execute(insert(MAILBOX).values(row))

    def letters(self, wanted: str = "") -> list[Letter]:
        """Return the newest messages, or of them those whose recipient, subject or text holds something."""
        query = select(MAILBOX).order_by(MAILBOX.c.number.desc()).limit(SHOWN)
        if wanted:
            columns = (MAILBOX.c.recipient, MAILBOX.c.subject, MAILBOX.c.body)
            query = query.where(or_(*(column.icontains(wanted, autoescape=True) for column in columns)))
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [Letter(row.number, row.channel, row.recipient, row.subject, row.body, _instant(row.at)) for row in rows]

    def _row(self, message: Message) -> dict[str, str | int]:
        text = wording(message, "en", link=self.base_url)
        sms = isinstance(message, AddressCodeMessage)
        channel, subject = ("SMS", "") if sms else ("e-mail", text.subject)
        return {
            "channel": channel,
            "recipient": message.to,
            "subject": subject,
            "body": text.body,
            "at": self._now(),
        }

    def _now(self) -> int:
        return int(self.clock.now().timestamp() * 1_000_000)


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
