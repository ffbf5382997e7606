"""From nothing to a signed-in user; then five wrong passwords, and what the library decides, says and remembers."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from sqlalchemy import create_engine

from mydso_access import (
    AccessControl,
    AddressCodeRequired,
    Busy,
    EnrolmentRequired,
    Entity,
    EventQuery,
    Founded,
    InvitationMessage,
    Message,
    NewPasswordRequired,
    NewUser,
    Refused,
    SecondFactorRequired,
    SignedIn,
    System,
)
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.messages import wording

ADDRESS = "203.0.113.7"
PASSWORD = "Correct-Horse-9"  # noqa: S105  # an example's, worth nothing


def send(messages: tuple[Message, ...]) -> None:
    """Send what an answer brings, whichever answer it is: here, show it."""
    for message in messages:
        print(wording(message, "en", link="https://app.example.com/access").body)


def invite_the_first(access: AccessControl) -> InvitationMessage:
    """Found an entity, and send and return the invitation of its first main administrator."""
    anna = NewUser(email="anna.petit@example.com", role="administrator", name="Anna.Petit")
    founded = access.found(System("quickstart"), Entity(id="lyon", title="Lyon"), anna)
    send(founded.messages)
    if isinstance(founded, Founded) and isinstance(founded.messages[0], InvitationMessage):
        return founded.messages[0]
    raise SystemExit(str(founded))


def attempt(access: AccessControl, title: str, password: str) -> None:
    """Sign in, and show the decision as the host's log and as the person sees it."""
    print(title)
    answer = access.sign_in("anna.petit", password, address=ADDRESS)
    send(answer.messages)
    match answer:
        case SignedIn(user=user, proof=proof):
            proven = ", ".join(factor.value for factor, _ in proof.factors)
            print(f"  SignedIn   {user.name}, proven by {proven}")
        case AddressCodeRequired() | SecondFactorRequired() | EnrolmentRequired() | NewPasswordRequired():
            print(f"  next step  {type(answer).__name__}")  # second_factor.py goes on from here
        case Refused() as refused:
            print(f"  log        {refused.explain()}")
            print(f"  person     {refused.public_message}")
        case Busy() as busy:
            print(f"  log        {busy.because.value}")
            print(f"  person     {busy.public_message}")
        case _ as never:
            assert_never(never)


def main(database: Path) -> None:
    """Play the story in a new SQLite file; any URL of a PostgreSQL or MariaDB database would do as well."""
    began, engine = datetime.now(UTC), create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        upgrade(connection)  # creates the tables
    access = AccessControl(SqlRepositories(engine))

    invitation = invite_the_first(access)
    access.accept_invitation(invitation.token or "", PASSWORD)
    attempt(access, "After it:", PASSWORD)
    for number in range(1, 6):
        attempt(access, f"Wrong password, number {number}:", f"guess-{number}")
    elsewhere = AccessControl(SqlRepositories(engine))  # as in another process: the file remembers
    attempt(elsewhere, "The right password again, while the account is blocked:", PASSWORD)

    print("\nThe audit trail:")
    for event in SqlRepositories(engine).events.page(EventQuery(since=began), after=None, limit=100):
        reason = f"  {event.reason.value} ({event.rule})" if event.reason else f"  ({event.rule})" if event.rule else ""
        print(f"  {event.at:%H:%M:%S}  {event.kind.value:<22}{reason}")
    engine.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder) / "access.db")
