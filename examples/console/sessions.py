"""Sessions on the server: the browser has an id, the database a digest of it and, sealed by it, what it stands for."""

import hashlib
import hmac
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from attrs import Factory, asdict, define, field, frozen
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from examples.console.tables import FORMS, SESSIONS
from mydso_access import Clock, Proof, Secret, UnreadableRecord
from mydso_access.adapters import codec
from mydso_access.adapters.secret_box import AesGcmBox

IDLE = timedelta(minutes=30)
BRIEFLY = timedelta(minutes=2)  # what is only to be said on the next page
LONGEST = timedelta(hours=12)
PURGED_EVERY = timedelta(minutes=15)
TOUCHED_AFTER = timedelta(minutes=1)  # or every page that is looked at would be a write
CONTEXT = "console session"
AN_ID = re.compile(r"[A-Za-z0-9_-]{43}")


class StepKind(StrEnum):
    """The four steps, as their pages' addresses name them."""

    ADDRESS_CODE = "address-code"
    SECOND_FACTOR = "second-factor"
    ENROLMENT = "enrolment"
    NEW_PASSWORD = "new-password"  # noqa: S105  # a step


@frozen(kw_only=True)
class Step:
    """A sign-in that owes a step: which one, the token to go on with, and what its page shows."""

    kind: StepKind = field(converter=StepKind)
    token: str
    until: str
    told: str = ""
    uri: str = ""
    seed: str = ""

    @property
    def mark(self) -> str:
        """What a form says of the step that it belongs to, so that an older page is known by it; it tells no token."""
        return hashlib.sha256(f"step {self.token}".encode()).hexdigest()[:16]


@frozen(kw_only=True)
class Begun:
    """What somebody was about to do when they had to prove themselves again: the form, to be sent once more."""

    title: str
    action: str
    fields: list[tuple[str, str]] = Factory(list)
    back: str = "/"


@define(kw_only=True, eq=False)
class Session:
    """One browser. An empty one is stored nowhere: whoever only looks at the sign-in page costs no row."""

    id: str
    is_new: bool = False  # the browser does not know its id yet
    stored_body: str | None = None
    expires: datetime | None = None
    proof: Proof | None = None
    began: str = ""
    seen: str = ""  # when the library was last told that the session is alive
    entity: str | None = None  # where its user is, if not on the platform
    next: str = "/"  # where to go once nothing is owed any more
    step: Step | None = None
    begun: Begun | None = None
    flashes: list[tuple[str, str]] = Factory(list)

    @property
    def csrf(self) -> str:
        """What every form of this session holds: made of the id, which no other site can read."""
        return hmac.new(self.id.encode(), b"form", hashlib.sha256).hexdigest()

    def body(self) -> str | None:
        """Return what is to be stored; `None` if there is nothing."""
        if self.proof is None and self.step is None and not self.flashes:
            return None
        written = {
            "proof": None if self.proof is None else codec.written(self.proof),
            "began": self.began,
            "seen": self.seen,
            "entity": self.entity,
            "next": self.next,
            "step": None if self.step is None else asdict(self.step),
            "begun": None if self.begun is None else asdict(self.begun),
            "flashes": self.flashes,
        }
        return json.dumps(written)


@define(eq=False)
class Sessions:
    """Where sessions are kept."""

    engine: Engine
    clock: Clock
    purged: datetime | None = None

    def find(self, session_id: str | None) -> Session:
        """Return the session of an id; an unknown one is that of somebody who has not signed in."""
        if session_id is None or not AN_ID.fullmatch(session_id):
            return Session(id=secrets.token_urlsafe(32), is_new=True)
        query = select(SESSIONS.c.body, SESSIONS.c.expires).where(SESSIONS.c.digest == _digest(session_id))
        with self.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or row.expires <= _microseconds(self.clock.now()):
            return Session(id=session_id)
        body = _box(session_id).open(Secret(row.body), CONTEXT)
        if body is None:
            return Session(id=session_id)
        try:
            return _read(session_id, body.reveal().decode(), _instant(row.expires))
        except (UnreadableRecord, KeyError, TypeError, ValueError):  # of another version: its user signs in again
            return Session(id=session_id)

    def renew(self, session: Session) -> bool:
        """Give a session a new id: whoever planted or read the old one does not share what follows.

        Returns:
            Whether there is one to go on with: `False` if another request has ended or renewed it meanwhile.
        """
        goes_on = session.stored_body is None or self.forget(session)
        session.id, session.is_new, session.stored_body = secrets.token_urlsafe(32), True, None
        return goes_on

    def save(self, session: Session) -> None:
        """Store what has changed; a row that somebody else ended meanwhile stays ended."""
        now, body = self.clock.now(), session.body()
        if body is None:
            self.forget(session)
            return
        until = now + (IDLE if session.proof or session.step else BRIEFLY)
        if session.began:
            until = min(until, datetime.fromisoformat(session.began) + LONGEST)
        touched = session.expires is not None and until - session.expires < TOUCHED_AFTER
        if body == session.stored_body and touched:
            return
        sealed = _box(session.id).seal(Secret(body.encode()), CONTEXT).reveal()
        digest, values = _digest(session.id), {"body": sealed, "expires": _microseconds(until)}
        with self.engine.begin() as connection:
            if session.stored_body is not None:
                connection.execute(update(SESSIONS).where(SESSIONS.c.digest == digest).values(values))
                return
        if self.purged is None or now - self.purged >= PURGED_EVERY:
            self.purge()
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(SESSIONS).values(digest=digest, **values))
        except IntegrityError:  # two tabs of one browser had something to keep at once
            with self.engine.begin() as connection:
                connection.execute(update(SESSIONS).where(SESSIONS.c.digest == digest).values(values))

    def forget(self, session: Session) -> bool:
        """End a session; `False` if there is none any more."""
        if session.stored_body is None:
            return False
        session.stored_body = None
        with self.engine.begin() as connection:
            ended = connection.execute(delete(SESSIONS).where(SESSIONS.c.digest == _digest(session.id)))
            return ended.rowcount > 0

    def take(self, form_id: str) -> bool:
        """Say whether a form comes for the first time; of two that come at once one does."""
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(FORMS).values(id=form_id, at=_microseconds(self.clock.now())))
        except IntegrityError:
            return False
        return True

    def purge(self) -> None:
        """Forget every session that is over, and forms that no page shows any more."""
        self.purged = self.clock.now()
        with self.engine.begin() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.expires <= _microseconds(self.purged)))
            connection.execute(delete(FORMS).where(FORMS.c.at <= _microseconds(self.purged - LONGEST)))


def _read(session_id: str, body: str, expires: datetime) -> Session:
    stored: dict[str, Any] = json.loads(body)
    return Session(
        id=session_id,
        stored_body=body,
        expires=expires,
        proof=None if stored["proof"] is None else codec.read(Proof, stored["proof"]),
        began=stored["began"],
        seen=stored["seen"],
        entity=stored["entity"],
        next=stored["next"],
        step=None if stored["step"] is None else Step(**stored["step"]),
        begun=None if stored["begun"] is None else Begun(**stored["begun"]),
        flashes=[(kind, text) for kind, text in stored["flashes"]],
    )


def _box(session_id: str) -> AesGcmBox:
    """Seal with a key that only the browser has: whoever steals the database reads no token and no seed in it."""
    return AesGcmBox({"id": hashlib.sha256(f"body {session_id}".encode()).digest()}, current="id")


def _digest(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


def _microseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000)


def _instant(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
