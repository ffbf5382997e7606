"""Sign in rightly once and wrongly five times, and see what the library decides, what it says and what it remembers."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from sqlalchemy import create_engine

from mydso_access import AccessControl, Busy, Refused, SecurityPolicy, SignedIn
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade
from mydso_access.testing import created, enabled_user

ADDRESS = "203.0.113.7"
PASSWORD = "Correct-Horse-9"  # noqa: S105  # an example's, worth nothing

policy = SecurityPolicy.my_dso_manager()
hasher = Argon2Hasher(policy.hashing)


def save_a_user(repositories: SqlRepositories) -> None:
    """Save a user who may sign in; every save of a user brings the event that says why."""
    user = enabled_user("Anna.Petit", PASSWORD, hasher=hasher, since=datetime.now(UTC))
    repositories.users.save(user, created(user))
    print(f"Saved {user.id}, whose login name is {user.name!r}.\n")


def attempt(access: AccessControl, title: str, password: str) -> None:
    """Sign in, and show the decision as the host's log and as the person sees it."""
    print(title)
    match access.sign_in("anna.petit", password, address=ADDRESS):
        case SignedIn(user=user, proof=proof):
            proven = ", ".join(factor.value for factor, _ in proof.factors)
            print(f"  SignedIn   {user.id}, proven by {proven}")
        case Refused() as refused:
            print(f"  log        {refused.explain()}")
            print(f"  person     {refused.public_message}")
        case Busy() as busy:
            print(f"  log        {busy.because.value}")
            print(f"  person     {busy.public_message}")
        case _ as never:
            assert_never(never)


def show_the_trail(repositories: SqlRepositories, since: datetime) -> None:
    """Print every stored event; the text typed as a password or as an unknown name is in none of them."""
    print("\nThe audit trail:")
    for event in repositories.events.page(since, after=None, limit=100):
        reason = f"  {event.reason.value} ({event.rule})" if event.reason else f"  ({event.rule})" if event.rule else ""
        print(f"  {event.at:%H:%M:%S}  {event.kind.value:<22} {event.subject}{reason}")


def main(database: Path) -> None:
    """Play the story in a new SQLite file; any URL of a PostgreSQL or MariaDB database would do as well."""
    began, engine = datetime.now(UTC), create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        upgrade(connection)  # creates the tables
    repositories = SqlRepositories(engine)
    access = AccessControl(repositories, policy=policy, hasher=hasher)

    save_a_user(repositories)
    attempt(access, "The right password:", PASSWORD)
    for number in range(1, 6):
        attempt(access, f"Wrong password, number {number}:", f"guess-{number}")
    elsewhere = AccessControl(SqlRepositories(engine), policy=policy)  # as in another process: the file remembers
    attempt(elsewhere, "The right password again, while the account is blocked:", PASSWORD)
    show_the_trail(repositories, since=began)
    engine.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder) / "access.db")
