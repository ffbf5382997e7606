"""Links that may end: each with the call that ends it and the call that tries whether it still opens."""

from datetime import timedelta
from typing import Any

from mydso_access import LinkIssued, LinkPurpose, LinkTarget, Reason, Structure, StructurePolicy
from tests.clock_back_things import DAY, Arrange, Thing, leads_on
from tests.steps import HOST, Stage

EMAIL, DOCUMENT = LinkPurpose.EXTERNAL_EMAIL, LinkPurpose.DOCUMENT
LYON = Structure.entity("e1")


def _sent(stage: Stage, purpose: LinkPurpose = EMAIL, **options: Any) -> LinkIssued:
    target = LinkTarget(
        purpose=purpose, entity="e1", customer="c1", resource="page", recipient="buyer@customer.example"
    )
    issued = stage.access.issue_link(HOST, target, granter="id-plain", **options)
    assert isinstance(issued, LinkIssued)
    return issued


def _opens(stage: Stage, issued: LinkIssued, purpose: LinkPurpose = EMAIL) -> bool:
    """Open a link; whether it would is said alike before."""
    looks = leads_on(stage.access.look_at_link(issued.token, purpose))
    opens = leads_on(stage.access.open_link(issued.token, purpose))
    assert looks is opens
    return opens


def _ask(stage: Stage, **settings: Any) -> None:
    policy = StructurePolicy({name.replace("__", "."): value for name, value in settings.items()})
    assert leads_on(stage.access.change_settings(HOST, LYON, policy))


def used_link(stage: Stage) -> Thing:
    issued = _sent(stage, single_use=True)
    return lambda: _opens(stage, issued), lambda: _opens(stage, issued)


def revoked_link(stage: Stage) -> Thing:
    issued = _sent(stage)
    return lambda: stage.access.revoke_link(HOST, issued.link.id), lambda: _opens(stage, issued)


def renewed_link(stage: Stage) -> Thing:
    issued = _sent(stage)
    return lambda: stage.access.renew_link(HOST, issued.link.id), lambda: _opens(stage, issued)


def link_renewed_after_it_was_used(stage: Stage) -> Thing:
    issued = _sent(stage, single_use=True)

    def end() -> None:
        assert _opens(stage, issued)
        assert leads_on(stage.access.renew_link(HOST, issued.link.id))

    return end, lambda: _opens(stage, issued)


def link_of_a_user_who_is_forgotten(stage: Stage) -> Thing:
    issued = _sent(stage)
    return lambda: stage.access.forget_user(HOST, "id-plain"), lambda: _opens(stage, issued)


def link_of_a_guest(stage: Stage) -> Thing:
    issued = _sent(stage)
    return lambda: stage.access.change_role(HOST, "id-plain", "guest"), lambda: _opens(stage, issued)


def link_found_to_be_too_old(stage: Stage) -> Thing:
    issued = _sent(stage)
    _ask(stage, links__interactive=3 * DAY)

    def end() -> None:
        stage.clock.move(3 * DAY + timedelta(minutes=1))
        assert Reason.LAPSED is stage.access.open_link(issued.token, EMAIL).reason  # and so it is stored

    return end, lambda: _opens(stage, issued)


def link_too_old_before_its_period_was_lengthened(stage: Stage) -> Thing:
    issued = _sent(stage, DOCUMENT)
    _ask(stage, links__documents=3 * DAY)

    def end() -> None:
        stage.clock.move(3 * DAY + timedelta(minutes=1))
        _ask(stage, links__documents=90 * DAY)
        _ask(stage)

    return end, lambda: _opens(stage, issued, DOCUMENT)


ONCE = (
    used_link,
    revoked_link,
    renewed_link,
    link_renewed_after_it_was_used,
    link_of_a_user_who_is_forgotten,
    link_of_a_guest,
)
BY_THE_CLOCK = (link_found_to_be_too_old, link_too_old_before_its_period_was_lengthened)
LINKS: dict[str, Arrange] = {thing.__name__.replace("_", " "): thing for thing in (*ONCE, *BY_THE_CLOCK)}
LINKS_AT_ANY_TIME = [thing.__name__.replace("_", " ") for thing in ONCE]
