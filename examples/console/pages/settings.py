"""Settings → Security: what a structure asks for, what applies and where it comes from, and what cannot be relaxed."""

from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from operator import attrgetter
from types import NoneType
from typing import Any, assert_never, get_args

from attrs import field, frozen
from fastapi import APIRouter
from starlette.responses import Response

from examples.console.parts import number_of
from examples.console.rendering import words
from examples.console.setting_words import LABELS, NETWORKS, OPTIONS, bound_of, readable
from examples.console.visit import Member, Visit
from mydso_access import Busy, Done, Reason, Refused, SecurityPolicy, SettingsShown, StructurePolicy
from mydso_access.errors import InvalidPolicy
from mydso_access.policy import (
    Level,
    Networks,
    SettableAt,
    Setting,
    all_settings,
    text_of,
    value_from,
)

router = APIRouter()
PAGE = "/settings"
EVERY = dict(all_settings(SecurityPolicy))
SAVED = "Saved: {label}."
NO_LONGER = "Not asked for any more: {label}."
THE_SAME = "It is so already; nothing was changed."


@frozen
class Typed:
    """What somebody typed for a setting, and why it was not saved."""

    name: str = ""
    text: str = ""
    error: str = ""
    status: int = 200
    shut_out: bool = False


@frozen
class Shown:
    """One setting as its form shows it.

    Attributes:
        name: its dotted name.
        settings: what the structure asks for, and what applies to its users.
        installation: the installation's policy.
        typed: what was typed and not saved, if it was for this setting.
    """

    name: str
    settings: SettingsShown
    installation: SecurityPolicy
    typed: Typed | None = None
    declared: Setting = field(init=False)
    kind: type = field(init=False)

    @declared.default
    def _declaration(self) -> Setting:
        declared: Setting = EVERY[self.name].metadata[Setting]
        return declared

    @kind.default
    def _type(self) -> type:
        annotated: Any = EVERY[self.name].type
        (kind,) = {*(get_args(annotated) or (annotated,))} - {NoneType}
        one: type = kind
        return one

    @property
    def label(self) -> str:
        """What the form's field is called."""
        return LABELS.get(self.name) or words(self.name.replace(".", ": "))

    @property
    def is_asked(self) -> bool:
        """Whether the structure asks for it at all."""
        return self.name in dict(self.settings.record.policy.asks)

    @property
    def asked(self) -> str:
        """What the structure asks for, to be read."""
        return self._told(dict(self.settings.record.policy.asks)[self.name]) if self.is_asked else "nothing"

    @property
    def applies(self) -> str:
        """The effective value, to be read."""
        return self._told(attrgetter(self.name)(self.settings.effective.policy))

    @property
    def comes_from(self) -> Sequence[str]:
        """Which levels ask for the effective value."""
        return [f"the {each.value}" for each in Level if each in self.settings.effective.levels(self.name)]

    @property
    def has_no_effect(self) -> bool:
        """Whether the structure asks for something weaker than what binds it anyway."""
        return self.is_asked and self.settings.record.structure.level not in self.settings.effective.levels(self.name)

    @property
    def cannot_be_relaxed(self) -> str:
        """What the installation asks for, and which values have no effect beside it."""
        value = attrgetter(self.name)(self.installation)
        return bound_of(self.declared.stricter, value, self._told(value))

    def _told(self, value: Any) -> str:
        return readable(self.name, self.declared.unit, value)

    @property
    def value(self) -> str:
        """What the field holds: what was typed, else what is asked for."""
        if self.typed is not None:
            return self.typed.text
        if not self.is_asked:
            return ""
        value = dict(self.settings.record.policy.asks)[self.name]
        if isinstance(value, Networks):
            return str(value).replace(", ", "\n")
        return text_of(value).removesuffix("d") if self.kind is timedelta else text_of(value)

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """The values to choose from; none, if one is typed."""
        if self.kind is bool:
            return [("true", "Yes"), ("false", "No")]
        return [(each.value, words(each.value)) for each in self.kind] if issubclass(self.kind, Enum) else []

    @property
    def wanted(self) -> str:
        """What may be typed."""
        if self.name == NETWORKS:
            return "Addresses and networks such as 192.0.2.1 or 2001:db8::/48, one a line or with commas."
        if self.kind is timedelta:
            return f"A number of days, from {_days(self.declared.minimum)} to {_days(self.declared.maximum)}."
        if self.kind is int:
            return f"A whole number from {self.declared.minimum} to {self.declared.maximum}."
        return ""


@router.get(PAGE)
def settings(visit: Member) -> Response:
    """Show what may be asked for where the user is."""
    return _page(visit)


@router.post(PAGE + "/{name}")
def ask(visit: Member, name: str) -> Response:
    """Ask for a value."""
    shown = visit.access.look_at_settings(visit.proof, visit.structure)
    if isinstance(shown, Refused):
        return _forbidden(visit, shown)
    if name not in EVERY:
        return visit.go(PAGE, warn="There is no such setting.")
    text, setting = visit.field("value"), Shown(name, shown, visit.access.policy)
    if not text and not setting.is_asked:
        return visit.go(PAGE, tell=THE_SAME)
    if visit.field("mine"):
        text = "\n".join(filter(None, [text.strip(), visit.address]))
    try:
        policy = shown.record.policy.asking(name, value_from(name, _as_text(setting, text)))
    except InvalidPolicy as error:
        told = f"{error.given}: this will not do. {setting.wanted}" if text else "Please say what to ask for."
        return _page(visit, Typed(name, text, told, 422))
    return _change(visit, shown, policy, Typed(name, text))


@router.post(PAGE + "/{name}/stop")
def stop_asking(visit: Member, name: str) -> Response:
    """Ask nothing of a setting any more."""
    shown = visit.access.look_at_settings(visit.proof, visit.structure)
    if isinstance(shown, Refused):
        return _forbidden(visit, shown)
    return _change(visit, shown, shown.record.policy.without(name), Typed(name, ""))


@router.post(PAGE + "-let-in/revoke")
def revoke_let_in(visit: Member) -> Response:
    """Take back an address that was let in by a code."""
    address = visit.field("address")
    answer = visit.access.revoke_shared_address(visit.proof, visit.structure, address)
    if isinstance(answer, Refused | Busy):
        return visit.refuse(answer, PAGE, title=f"Take back {address}")
    visit.send(answer.messages)
    return visit.go(PAGE, tell=f"{address} is not let in any more.")


def _change(visit: Visit, shown: SettingsShown, policy: StructurePolicy, typed: Typed) -> Response:
    label = LABELS.get(typed.name, typed.name)
    if policy == shown.record.policy:  # a form that was sent twice
        return visit.go(PAGE, tell=THE_SAME)
    answer = visit.access.change_settings(
        visit.proof,
        visit.structure,
        policy,
        address=visit.address,
        version=number_of(visit.field("version"), -1),
    )
    match answer:
        case Done():
            visit.send(answer.messages)
            told = SAVED if typed.name in dict(policy.asks) else NO_LONGER
            return visit.go(PAGE, tell=told.format(label=label))
        case Refused(reason=Reason.CHANGED_MEANWHILE):
            told = f"{answer.public_message} What you typed is still here; save it again."
            return _page(visit, Typed(typed.name, typed.text, told, 409))
        case Refused(reason=Reason.SHUT_OUT):
            told = f"{answer.public_message} You come from {visit.address}."
            return _page(visit, Typed(typed.name, typed.text, told, 422, shut_out=True))
        case Refused() | Busy():
            return visit.refuse(answer, PAGE, title=f"Change “{label}”")
        case _ as never:
            assert_never(never)


def _page(visit: Visit, typed: Typed | None = None) -> Response:
    shown = visit.access.look_at_settings(visit.proof, visit.structure)
    if isinstance(shown, Refused):
        return _forbidden(visit, shown)
    here = {SettableAt.PLATFORM_AND_ENTITY} | (
        {SettableAt.ENTITY} if shown.record.structure.level is Level.ENTITY else set()
    )
    settable = [name for name, each in EVERY.items() if each.metadata[Setting].at in here]
    among_options = {name for option in OPTIONS for name in option.names}

    def shown_as(name: str) -> Shown:
        return Shown(name, shown, visit.access.policy, typed if typed is not None and typed.name == name else None)

    return visit.page(
        "settings.html",
        status=200 if typed is None else typed.status,
        record=shown.record,
        is_entity=shown.record.structure.level is Level.ENTITY,
        options=[
            (option, [shown_as(name) for name in option.names]) for option in OPTIONS if {*option.names} & {*settable}
        ],
        others=[shown_as(name) for name in settable if name not in among_options],
        lockout=visit.access.policy.lockout,
        wrong=None if typed is None else shown_as(typed.name),
    )


def _forbidden(visit: Visit, refused: Refused) -> Response:
    """Answer whoever may not look at the settings: they lack the right, or their session is over."""
    if refused.reason in {Reason.NOT_ALLOWED, Reason.NOT_AUTHORISED, Reason.OTHER_STRUCTURE, Reason.NO_STRUCTURE}:
        told = f"{refused.public_message} Security settings are for the main administrators of {visit.place}."
        return visit.page("error.html", status=403, title="You may not see this page", told=told)
    return visit.refuse(refused, "/")


def _as_text(setting: Shown, text: str) -> str:
    """Return what was typed as settings are written: days as `30d`, a list with commas."""
    text = text.strip()
    if setting.kind is timedelta and text.isascii() and text.isdigit():
        return f"{text}d"
    return ", ".join(text.replace(",", "\n").split()) if setting.kind is Networks else text


def _days(value: Any) -> int:
    return int(value / timedelta(days=1))
