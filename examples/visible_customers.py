"""One query for everybody's list of customers; then the entity shows each collector theirs, and nobody else's."""

import tempfile
from typing import TypeVar

from sqlalchemy import Column, Engine, MetaData, String, Table, create_engine, func, insert, select

from mydso_access import (
    AccessControl,
    Done,
    Entity,
    InvitationMessage,
    NewUser,
    Permissions,
    Proof,
    Right,
    SignedIn,
    Structure,
    StructurePolicy,
    System,
)
from mydso_access.adapters.sqlalchemy import SqlRepositories, upgrade, visible

HOST, LYON, PASSWORD = System("example"), Structure.entity("lyon"), "Correct-Horse-9"
CUSTOMERS = Table("customers", MetaData(), *(Column(name, String(80)) for name in ("entity_id", "id", "name")))
ROWS = [("lyon", "7", "Durand"), ("lyon", "8", "Martin"), ("lyon", "9", "Petit"), ("paris", "7", "Bernard")]
T = TypeVar("T")


def wanted(kind: type[T], answer: object) -> T:
    """Return an answer that must be of a kind; of another kind, the story is another one."""
    if isinstance(answer, kind):
        return answer
    raise SystemExit(str(answer))


def show(title: str, engine: Engine, allowed: Permissions) -> None:
    """Show what a page shows, and why."""
    clause = visible(allowed.scope, id=CUSTOMERS.c.id, entity=CUSTOMERS.c.entity_id)
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(CUSTOMERS).where(clause))
        names = connection.scalars(select(CUSTOMERS.c.name).where(clause)).all()
    print(f"{title}\n  {allowed.explain()}\n  {count}: {', '.join(names) or '-'}")


def signed_in(access: AccessControl) -> Proof:
    """Sign in, and return what the session keeps."""
    return wanted(SignedIn, access.sign_in("anna.petit", PASSWORD, address="203.0.113.7")).proof


def main(folder: str) -> None:
    """Play the story in a new SQLite file; any URL of a PostgreSQL or MariaDB database would do as well."""
    engine = create_engine(f"sqlite:///{folder}/access.db")
    with engine.begin() as connection:
        upgrade(connection)
        CUSTOMERS.create(connection)
        connection.execute(insert(CUSTOMERS).values(ROWS))
    access = AccessControl(SqlRepositories(engine))
    boss = NewUser(email="boss@example.com", role="administrator", name="the.boss")
    access.found(HOST, Entity(id="lyon", title="Lyon"), boss)
    new = NewUser(email="anna.petit@example.com", role="collector", name="anna.petit")
    added = wanted(Done, access.add_user(HOST, LYON, new))
    access.accept_invitation(wanted(InvitationMessage, added.messages[0]).token or "", PASSWORD)
    anna, proof = added.record.id, signed_in(access)

    show("At first:", engine, access.permissions(proof, "lyon"))
    access.change_settings(HOST, LYON, StructurePolicy({"visibility.collectors": True}))
    show("Collectors see only whom they manage:", engine, access.permissions(proof, "lyon"))
    print(" ", access.assign_collector_to_all(HOST, "lyon", ["7", "8"], anna))
    show("Two of them are hers:", engine, access.permissions(proof, "lyon"))
    print(" ", access.may(proof, "lyon", Right.OPEN_CARD, "9").explain())
    access.change_role(HOST, anna, "credit_manager")
    show("She has another role; this session is over:", engine, access.permissions(proof, "lyon"))
    show("She signs in again:", engine, access.permissions(signed_in(access), "lyon"))
    engine.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder)
