"""Links to a customer's page and invoices: a scanner looks, the customer opens, time and people end them."""

from datetime import timedelta

from mydso_access import (
    AccessControl,
    Entity,
    LinkIssued,
    LinkOpened,
    LinkPurpose,
    LinkTarget,
    MemoryRepositories,
    Refused,
    Secret,
    Structure,
    StructurePolicy,
    System,
)
from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.policy import HashingPolicy
from mydso_access.testing import ManualClock, created, enabled_user

HOST, LYON = System("example"), Structure.entity("lyon")
PAGE, DOCUMENT = LinkPurpose.EXTERNAL_EMAIL, LinkPurpose.DOCUMENT
SENT_TO, DAY = "buyer@durand.example", timedelta(days=1)
OURS = {"statement-7", "invoice-42.pdf"}  # what this application has to show

clock, store = ManualClock(), MemoryRepositories()
access = AccessControl(store, clock=clock, resource_exists=lambda target: target.resource in OURS)


def send(purpose: LinkPurpose, resource: str, granter: str, *, single_use: bool = False) -> Secret[str]:
    """Issue a link; its token belongs into the address of an e-mail, and nowhere else."""
    target = LinkTarget(purpose=purpose, entity="lyon", customer="7", resource=resource, recipient=SENT_TO)
    issued = access.issue_link(HOST, target, granter=granter, single_use=single_use)
    if not isinstance(issued, LinkIssued):
        raise SystemExit(str(issued))
    print(f"{'sent':<26}{resource}, until {issued.link.until or 'it is revoked'}")
    return issued.token


def follow(when: str, token: Secret[str], purpose: LinkPurpose) -> LinkOpened | None:
    """Follow a link, and show the answer as the log and as the reader see it."""
    answer = access.open_link(token, purpose)
    if isinstance(answer, LinkOpened):
        print(f"{when:<26}LinkOpened for {answer.target.recipient}")
        return answer
    print(f"{when:<26}{answer.explain() if isinstance(answer, Refused) else answer.because}: {answer.public_message}")
    return None


def main() -> None:
    """Play the story in memory; the clock is set by hand."""
    lyon = Entity(id="lyon", title="Lyon", policy=StructurePolicy({"links.interactive": 30 * DAY}))
    store.structures.save(lyon, created(lyon))
    hasher = Argon2Hasher(HashingPolicy.cheapest_for_tests())  # the example signs nobody in
    anna = enabled_user("anna.petit", "Correct-Horse-9", hasher=hasher, structure=LYON)
    store.users.save(anna, created(anna))

    page, once = send(PAGE, "statement-7", anna.id), send(PAGE, "statement-7", anna.id, single_use=True)
    looks = {type(access.look_at_link(once, PAGE)).__name__ for _ in range(10)}
    print(f"{'a scanner looks ten times':<26}{', '.join(looks)}")
    follow("the customer", once, PAGE)
    follow("and again", once, PAGE)
    follow("another purpose", page, DOCUMENT)
    clock.move(30 * DAY)
    opened = follow("at the deadline", page, PAGE)
    invoice = send(DOCUMENT, "invoice-42.pdf", opened.granter if opened else "")  # from the page, on its own clock
    clock.move(timedelta(microseconds=1))
    follow("a microsecond later", page, PAGE)
    follow("the invoice", invoice, DOCUMENT)
    access.disable_user(HOST, anna.id)
    follow("anna has left", invoice, DOCUMENT)


if __name__ == "__main__":
    main()
