"""What the doors answer: everything that a host could have to send for has `messages`, whichever call it was."""

import inspect
import re
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from mydso_access import (
    AccessControl,
    Assigned,
    Denied,
    Due,
    Link,
    LinkIssued,
    LinkOpened,
    LinkPurpose,
    LinkShown,
    LinksIssued,
    LinkTarget,
    ListedUser,
    Page,
    Permissions,
    Permitted,
    Purged,
    Secret,
    SettingsShown,
    SweepReport,
)
from tests.decisions.people import NOON
from tests.test_messages import ANSWERS

# What only shows or tells; `sweep` hands its messages over itself.
NO_ANSWERS = {Page, ListedUser, SettingsShown, Permissions, Permitted, Denied, Due, SweepReport, Purged}
API = (Path(__file__).parents[1] / "docs" / "reference" / "api.md").read_text("utf-8")


def answered(answer: Any) -> set[type]:
    """Return the classes of this library among what a call may answer with, those within a sequence, too."""
    parts = get_args(answer)
    kind = get_origin(answer) or answer
    if getattr(kind, "__module__", "").startswith("mydso_access."):
        return {kind}
    return set[type]().union(*map(answered, parts))


def test_a_door_answers_with_nothing_of_which_it_is_not_said_here_whether_it_has_messages() -> None:
    calls = [call for name, call in inspect.getmembers(AccessControl, inspect.isfunction) if not name.startswith("_")]
    found = set[type]().union(*(answered(get_type_hints(inspect.unwrap(call))["return"]) for call in calls))
    assert ANSWERS | NO_ANSWERS == found


def test_what_only_shows_or_tells_has_no_messages_that_a_host_could_forget() -> None:
    assert set() == {each.__name__ for each in NO_ANSWERS if hasattr(each, "messages")}


def test_the_reference_says_which_have_none() -> None:
    said = API[API.index("## Answers") : API.index("Every reason is explained in")]
    prose = said[: said.index("```")]
    listed = set(re.findall(r"autoclass:: mydso_access\.(\w+)", said))
    assert set() == {each.__name__ for each in NO_ANSWERS if f"`{each.__name__}`" not in prose}
    assert set() == {each for each in listed - {each.__name__ for each in ANSWERS} if f"`{each}`" not in prose}


TARGET = LinkTarget(purpose=LinkPurpose.DOCUMENT, entity="lyon", customer="7", resource="r", recipient="x@example.com")


def test_a_link_and_what_was_done_to_many_customers_have_no_message_to_send() -> None:
    link = Link(
        id="link",
        target=TARGET,
        granter="anna",
        single_use=True,
        digest=Secret("digest"),
        issued_at=NOON,
        until=None,
    )
    answers = (
        LinkIssued(link=link, token=Secret("token")),
        LinksIssued(links=()),
        LinkShown(target=TARGET, granter="anna", until=None, single_use=True),
        LinkOpened(target=TARGET, granter="anna", until=None),
        Assigned(changed=1, unchanged=0),
    )
    assert [()] * 5 == [each.messages for each in answers]
