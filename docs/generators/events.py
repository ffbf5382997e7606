"""Every kind of event: brought about in a small installation, and the fields it was stored with."""

from datetime import timedelta

import attrs

from generators.markdown import code, document, table
from generators.world import ADDRESS, PASSWORD, World
from mydso_access import Event, EventKind

INTRODUCTION = """\
# Events

One line of the audit trail says why a record changed, or that a sign-in was refused. The host stores events and may forward
them; kinds follow the words of OWASP's logging vocabulary where it has one. Texts in an event are escaped when it is made,
so that nothing typed can forge a line or turn its direction.

No event holds a password, a hash, or the text typed as a name that nobody has: that is often a password.

The last column shows the fields that such events held, besides `id`, `kind` and `at`, when they were brought about."""

MEANINGS = {
    EventKind.SIGNED_IN: "a complete sign-in; stored together with the user's record",
    EventKind.REFUSED: "a sign-in was refused, for a reason that leaves an event ([reasons](reasons.md))",
    EventKind.BLOCK_STARTED: "an account (S36) or an address (S37) is blocked from now on, or has reached its hard cap (D4)",
    EventKind.BLOCK_ENDED: "a block has ended; noticed, and stored, at the next admitted or refused attempt on that key",
    EventKind.USER_CREATED: "a user exists from now on; the host stores it together with the user's record",
    EventKind.PASSWORD_CHANGED: "a user has changed their password; stored together with the user's record",
    EventKind.PASSWORD_CHANGE_REFUSED: "the old password was wrong, or its account is blocked",
}


def page() -> str:
    """Return the page."""
    filled = story()
    kinds = [
        (code(kind.name), code(kind.value), MEANINGS[kind], ", ".join(map(code, filled[kind]))) for kind in EventKind
    ]
    return document(INTRODUCTION, table(("kind", "stored as", "what happened", "fields"), kinds), "## Fields", fields())


def story() -> dict[EventKind, list[str]]:
    """Bring about every kind of event and return the fields each was stored with."""
    world = World()
    anna = "user-anna"

    def attempt(password: str) -> None:
        world.access.sign_in("anna", password, address=ADDRESS)

    attempt(PASSWORD)
    for _ in range(world.policy.lockout.account.failures):
        attempt("not the password")
    attempt(PASSWORD)  # while it is blocked
    world.clock.move(world.policy.lockout.account.block + timedelta(seconds=1))
    attempt(PASSWORD)
    world.access.change_password(anna, "not the password", "Another-Horse-8", address=ADDRESS)
    world.access.change_password(anna, PASSWORD, "Another-Horse-8", address=ADDRESS)
    optional = [field.name for field in attrs.fields(Event) if field.name not in ("id", "kind", "at")]
    stored = world.repositories.events.all()
    return {
        kind: [name for name in optional if any(event.kind is kind and getattr(event, name) for event in stored)]
        for kind in EventKind
    }


def fields() -> str:
    """Return the fields as the class describes them."""
    described = (Event.__doc__ or "").partition("Attributes:")[2].strip().splitlines()
    rows = [line.strip().split(": ", 1) for line in described]
    return table(("field", "what it holds"), [(code(name), text) for name, text in rows])
