"""Messages as plain text, English and French: `wording`, one function that a host may replace by its own."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias, assert_never
from urllib.parse import quote

from attrs import field, frozen

from mydso_access.decisions.tokens import TokenPurpose
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.event import escaped
from mydso_access.model.instant import utc
from mydso_access.model.message import (
    AddressCodeMessage,
    EmailConfirmationMessage,
    Ending,
    InvitationMessage,
    Message,
    ResetMessage,
    SecurityChange,
    SecurityMessage,
    WarningMessage,
)
from mydso_access.model.secret import Secret

# Where a message's link leads: the address of the host's pages, or a function that says it of each message.
Link: TypeAlias = str | Callable[[Message], str]
BASE = re.compile(r"https?://[!-\"$->@-~]+")  # printable ASCII without `?` and `#`
ANY_LINK = re.compile(r"[!-~]+")
SIGN_IN = "sign-in"  # the page of whoever needs no token: they come by single sign-on


@frozen
class Text:
    """A message as it is sent, in plain text; its repr shows no token.

    Attributes:
        subject: one line; an SMS needs none.
        body: the text, with the link or the code.
    """

    subject: str
    body: str = field(repr=False)


@frozen
class _Words:
    """Everything that one language says; `{name}` and the like stand for a message's own values."""

    invitation: Text
    sso_invitation: Text
    reset: Text
    email_confirmation: Text
    security: Text
    changes: Mapping[SecurityChange, str]
    warnings: Mapping[Ending, Text]
    address_code: Text


def wording(message: Message, language: str = "en", *, link: Link) -> Text:  # noqa: PLR0911  # one for each message
    """Return a message as plain text.

    Whatever people gave of themselves, or of a structure, stays within its line: control characters are written as
    their numbers, as in events. A token or a code stands in the body only.

    Args:
        message: what a flow returned.
        language: `en` or `fr`.
        link: address of the host's pages, such as `https://app.example.com/access`: the token is added as
            `/invitation?token=…`, `/reset?token=…` or `/email?token=…`; or a function that returns a message's link.

    Raises:
        InvalidValue: there is no such language, or the link is none.
    """
    if language not in LANGUAGES:
        raise InvalidValue("language", shown(language), f"one of {', '.join(LANGUAGES)}")
    words, name = LANGUAGES[language], message.name
    match message:
        case InvitationMessage(structure=title, token=Secret() as token, until=datetime() as until):
            found = _address(link, message, TokenPurpose.INVITATION.value, token)
            return _filled(words.invitation, name=name, structure=title, link=found, until=_minute(until))
        case InvitationMessage(structure=title):  # A24: no password is to be created
            return _filled(words.sso_invitation, name=name, structure=title, link=_address(link, message, SIGN_IN))
        case ResetMessage(token=token, until=until):
            found = _address(link, message, TokenPurpose.RESET.value, token)
            return _filled(words.reset, name=name, link=found, until=_minute(until))
        case EmailConfirmationMessage(token=token, until=until):
            found = _address(link, message, TokenPurpose.EMAIL.value, token)
            return _filled(words.email_confirmation, name=name, link=found, until=_minute(until))
        case SecurityMessage(change=change, at=at):
            return _filled(words.security, name=name, change=words.changes[change], at=_minute(at))
        case WarningMessage(ending=ending, due=due):
            return _filled(words.warnings[ending], name=name, due=_minute(due))
        case AddressCodeMessage(address=address, code=code, until=until):
            shown_code = code.reveal()
            return _filled(words.address_code, name=name, address=address, code=shown_code, until=_minute(until))
        case _ as never:
            assert_never(never)


def _filled(text: Text, **values: str) -> Text:
    """Return the text with its values; none of them begins a line of its own."""
    lines = {name: escaped(value) for name, value in values.items()}
    return Text(text.subject.format_map(lines), text.body.format_map(lines))


def _minute(instant: datetime) -> str:
    """Return an instant in words: the minute that it lies in, so that nobody comes too late who trusts it."""
    return f"{utc(instant):%Y-%m-%d %H:%M} UTC"


def _address(link: Link, message: Message, page: str, token: Secret[str] | None = None) -> str:
    """Return where a message's link leads.

    Raises:
        InvalidValue: the link is none; what it is instead is not shown, as it may hold a token.
    """
    if callable(link):
        return _checked(link(message), ANY_LINK, "the address of a page, in printable ASCII")
    base = _checked(link, BASE, "an address such as https://app.example.com/access").rstrip("/")
    return f"{base}/{page}" if token is None else f"{base}/{page}?token={quote(token.reveal(), safe='')}"


def _checked(link: str, form: re.Pattern[str], expected: str) -> str:
    if type(link) is not str or not form.fullmatch(link):
        raise InvalidValue("link", type(link).__name__, expected)
    return link


ENGLISH = _Words(
    # S7: the account exists, the login, the invitation; S9: until when; S8: advice
    invitation=Text(
        "Your account for {structure}",
        """\
You have an account for {structure}.

Your login name: {name}

Please create your own password here, by {until} at the latest:
{link}

Choose one that nobody guesses: with digits, uppercase and lowercase letters and special characters.
Nobody will ever ask you for it. If the link is too old, ask your administrator for a new one.
""",
    ),
    sso_invitation=Text(
        "Your account for {structure}",
        """\
You have an account for {structure}.

Your login name: {name}

You need no password: you sign in as you do elsewhere in your organisation.
{link}
""",
    ),
    reset=Text(
        "A new password",
        """\
Somebody asked for a new password for the login name {name}.

If it was you, choose it here, by {until} at the latest:
{link}

If it was not, there is nothing to do: your password stays as it is.
""",
    ),
    email_confirmation=Text(
        "Please confirm your e-mail address",
        """\
Messages for the login name {name} are to be sent to this address.

Please confirm it here, by {until} at the latest:
{link}

If you do not know this login name, there is nothing to do.
""",
    ),
    security=Text(
        "Something about your login has changed",
        """\
{change}

Login name: {name}
When: {at}

If you did not expect this, please tell your administrator at once.
""",
    ),
    changes={
        SecurityChange.PASSWORD_CHANGED: "Your password has been changed.",
        SecurityChange.PASSWORD_RESET: "Your password has been replaced by a new one.",
        SecurityChange.EMAIL_CHANGE_ASKED: (
            "Your messages are to be sent to another e-mail address, once that one is confirmed."
        ),
        SecurityChange.EMAIL_CHANGED: "Your messages are sent to another e-mail address from now on.",
        SecurityChange.MOBILE_CHANGED: "Your mobile number has been changed.",
        SecurityChange.SECOND_FACTOR_ENROLLED: "An app that shows codes has been set up for your login.",
        SecurityChange.SECOND_FACTOR_RESET: "The app that shows your codes, and your recovery codes, do not count any more.",
        SecurityChange.RECOVERY_CODE_USED: "One of your recovery codes has been used; it does not count any more.",
        SecurityChange.RECOVERY_CODES_RENEWED: "You have new recovery codes; all earlier ones do not count any more.",
        SecurityChange.PASSWORD_COMPROMISED: (
            "Somebody else may know your password. You will be asked for a new one when you sign in next."
        ),
        SecurityChange.LOGIN_DISABLED: "Your login has been disabled.",
        SecurityChange.LOGIN_ENABLED: "Your login has been enabled.",
        SecurityChange.UNBLOCKED: "An administrator has ended the block of your login; failed attempts count from zero again.",
    },
    warnings={
        Ending.INVITATION: Text(
            "Your invitation ends on {due}",
            """\
You have not created a password for the login name {name} yet.

Please follow the link in your invitation by {due}. Later, ask your administrator for a new one.
""",
        ),
        Ending.LOGIN: Text(
            "Your login will be disabled on {due}",
            """\
The login name {name} has not been used for a long time.

It will be disabled on {due}. To keep it, sign in before.
""",
        ),
    },
    address_code=Text(
        "A code to sign in with",
        "Code {code}: {name} signs in from {address}. Good until {until}. If you do not know why, keep it to yourself.",
    ),
)

FRENCH = _Words(
    invitation=Text(
        "Votre compte pour {structure}",
        """\
Vous avez un compte pour {structure}.

Votre identifiant : {name}

Merci de créer votre mot de passe ici, au plus tard le {until} :
{link}

Choisissez-en un que personne ne devine : avec des chiffres, des majuscules, des minuscules et des caractères spéciaux.
Personne ne vous le demandera jamais. Si le lien est trop ancien, demandez-en un autre à votre administrateur.
""",
    ),
    sso_invitation=Text(
        "Votre compte pour {structure}",
        """\
Vous avez un compte pour {structure}.

Votre identifiant : {name}

Il ne vous faut pas de mot de passe : vous vous connectez comme ailleurs dans votre organisation.
{link}
""",
    ),
    reset=Text(
        "Un nouveau mot de passe",
        """\
Quelqu'un a demandé un nouveau mot de passe pour l'identifiant {name}.

Si c'est vous, choisissez-le ici, au plus tard le {until} :
{link}

Sinon, il n'y a rien à faire : votre mot de passe ne change pas.
""",
    ),
    email_confirmation=Text(
        "Merci de confirmer votre adresse e-mail",
        """\
Les messages pour l'identifiant {name} doivent être envoyés à cette adresse.

Merci de la confirmer ici, au plus tard le {until} :
{link}

Si vous ne connaissez pas cet identifiant, il n'y a rien à faire.
""",
    ),
    security=Text(
        "Votre accès a été modifié",
        """\
{change}

Identifiant : {name}
Date : {at}

Si vous ne vous y attendiez pas, prévenez tout de suite votre administrateur.
""",
    ),
    changes={
        SecurityChange.PASSWORD_CHANGED: "Votre mot de passe a été modifié.",
        SecurityChange.PASSWORD_RESET: "Votre mot de passe a été remplacé par un nouveau.",
        SecurityChange.EMAIL_CHANGE_ASKED: (
            "Vos messages seront envoyés à une autre adresse e-mail, dès qu'elle sera confirmée."
        ),
        SecurityChange.EMAIL_CHANGED: "Vos messages sont désormais envoyés à une autre adresse e-mail.",
        SecurityChange.MOBILE_CHANGED: "Votre numéro de mobile a été modifié.",
        SecurityChange.SECOND_FACTOR_ENROLLED: "Une application qui affiche des codes a été associée à votre accès.",
        SecurityChange.SECOND_FACTOR_RESET: (
            "L'application qui affiche vos codes et vos codes de secours ne sont plus valables."
        ),
        SecurityChange.RECOVERY_CODE_USED: "Un de vos codes de secours a été utilisé ; il n'est plus valable.",
        SecurityChange.RECOVERY_CODES_RENEWED: "Vous avez de nouveaux codes de secours ; les anciens ne sont plus valables.",
        SecurityChange.PASSWORD_COMPROMISED: (
            "Quelqu'un d'autre connaît peut-être votre mot de passe. Un nouveau vous sera demandé à la prochaine connexion."
        ),
        SecurityChange.LOGIN_DISABLED: "Votre accès a été désactivé.",
        SecurityChange.LOGIN_ENABLED: "Votre accès a été activé.",
        SecurityChange.UNBLOCKED: (
            "Un administrateur a débloqué votre accès ; les échecs sont de nouveau comptés à partir de zéro."
        ),
    },
    warnings={
        Ending.INVITATION: Text(
            "Votre invitation prend fin le {due}",
            """\
Vous n'avez pas encore créé de mot de passe pour l'identifiant {name}.

Merci de suivre le lien de votre invitation avant le {due}. Ensuite, demandez-en une autre à votre administrateur.
""",
        ),
        Ending.LOGIN: Text(
            "Votre accès sera désactivé le {due}",
            """\
L'identifiant {name} n'a pas été utilisé depuis longtemps.

Il sera désactivé le {due}. Pour le garder, connectez-vous avant cette date.
""",
        ),
    },
    address_code=Text(
        "Un code pour se connecter",
        "Code {code} : {name} se connecte depuis {address}. Valable jusqu'au {until}. En cas de doute, gardez-le pour vous.",
    ),
)

LANGUAGES: Mapping[str, _Words] = {"en": ENGLISH, "fr": FRENCH}
