"""Security settings in the words of the help page, and in those that say what cannot be relaxed."""

from datetime import timedelta
from enum import Enum
from typing import Any

from attrs import frozen

from examples.console.rendering import duration, words
from mydso_access.policy import Stricter

NETWORKS = "addresses.networks"


@frozen
class Option:
    """One option of the help page, in its words, and the settings that it is made of."""

    title: str
    about: str
    names: tuple[str, ...]


OPTIONS = (
    Option(
        "Allow access only from specific IP addresses",
        "Restrict platform access to a list of authorized IP addresses. When a new IP address attempts to connect, a validation "
        "code is sent by SMS to the administrator or concerned user.",
        (NETWORKS, "addresses.recipient"),
    ),
    Option(
        "Force password change",
        "Requires each user to change their password at a defined frequency (for example, every 30 days). The password must "
        "contain at least 9 characters, including letters, numbers, one uppercase letter, and a special character.",
        ("rotation.days",),
    ),
    Option(
        "Automatically deactivate inactive users",
        "Automatically disables accounts that have not accessed the platform for a defined number of months.",
        ("dormancy.months",),
    ),
    Option(
        "Enable two-factor authentication (2FA)",
        "Adds an additional authentication step using a code generated from a mobile app, in addition to the password.",
        ("second_factor.required",),
    ),
    Option(
        "Access restriction based on user roles",
        "Limit data visibility according to user roles. It binds every user of the role, without exception.",
        ("visibility.collectors", "visibility.sales", "visibility.sales_administration", "visibility.guests"),
    ),
    Option(
        "Expiration of links in the interactive e-mails",
        "Define a validity period for links contained in interactive e-mails. A shorter period acts on the links that were "
        "sent already; a longer one revives none.",
        ("links.interactive",),
    ),
    Option(
        "Expiration of links to your EDM (Electronic Document Management)",
        "Set a validity period for links providing access to hosted documents (PDF invoices, supporting documents, etc.).",
        ("links.documents",),
    ),
)
LABELS = {
    NETWORKS: "Authorized addresses and networks",
    "addresses.recipient": "Who gets the code",
    "rotation.days": "Days until a password must be changed",
    "dormancy.months": "Months without access",
    "second_factor.required": "A second factor for everybody",
    "visibility.collectors": "Collector role: access limited to customers they manage",
    "visibility.sales": "Sales role: access limited to customers assigned to them",
    "visibility.sales_administration": "Sales Administration role: access limited to customers assigned to them",
    "visibility.guests": "Guest role: access limited to assigned customers",
    "links.interactive": "Validity period of links in interactive e-mails, in days",
    "links.documents": "Validity period of links to the EDM, in days",
    "passwords.min_length": "Least length of a password",
    "passwords.composition": "When a password needs letters, a digit, an uppercase letter and a special character",
    "passwords.require_lowercase": "A lowercase letter in passwords, too",
    "passwords.refuse_names": "Refuse passwords made of names",
    "rotation.history": "Earlier passwords that may not come back",
    "second_factor.with_sso": "A second factor after single sign-on",
}


NO_VALUE = {
    NETWORKS: "from every address",
    "rotation.days": "never",
    "dormancy.months": "never",
    "links.interactive": "for ever",
    "links.documents": "for ever",
}
UNITS = {"code points": "characters", "calendar months": "months"}


def readable(name: str, unit: str, value: Any) -> str:
    """Return a setting's value as people read it."""
    match value:
        case None:
            return NO_VALUE.get(name, "no limit")
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return duration(value)
        case Enum():
            return words(str(value.value))
        case int():
            return f"{value} {UNITS.get(unit, unit)}"
        case _:
            return str(value) or "nothing"


def bound_of(stricter: Stricter, value: Any, told: str) -> str:  # noqa: PLR0911  # one for each
    """Say what cannot be relaxed, given which of two values is the stricter one, and the installation's, also as text."""
    match stricter, value:
        case Stricter.BOTH, None:
            return "The installation has no list of its own."
        case Stricter.BOTH, _:
            return f"The installation has a list, too ({told}): only what is on both lists counts."
        case _, None:
            return "The installation sets no limit; every value here is stricter."
        case _, True:
            return "The installation asks for it; it cannot be switched off here."
        case _, False:
            return "The installation leaves it open."
        case Stricter.LOWER, _:
            return f"The installation asks for at most {told}; a higher value has no effect."
        case _, Enum() if value is list(type(value))[-1]:
            return f"The installation asks for “{told}”, the strictest there is: no value here changes that."
        case _:
            return f"The installation asks for at least {told}; a lower value has no effect."
