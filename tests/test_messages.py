"""The default wording: every message in every language, links, and what no message may do."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mydso_access import (
    AccessControl,
    AddressCodeMessage,
    Assigned,
    Done,
    EmailConfirmationMessage,
    Ending,
    Entity,
    Forgotten,
    Founded,
    InvalidValue,
    InvitationMessage,
    InvitationShown,
    LinkIssued,
    LinkOpened,
    LinkShown,
    LinksIssued,
    MemoryRepositories,
    Message,
    NewUser,
    PasswordChangeOutcome,
    PasswordRejected,
    RecoveryCodes,
    ResetMessage,
    ResetRequested,
    ResetShown,
    Secret,
    SecurityChange,
    SecurityMessage,
    SignInOutcome,
    StepOutcome,
    System,
    Unblocked,
    WarningMessage,
)
from mydso_access.messages import LANGUAGES, Text, wording
from mydso_access.testing import ManualClock
from tests.support import CountingHasher, policy

UNTIL = datetime(2026, 3, 9, 8, 1, 59, tzinfo=UTC)
TOKEN = "aWQ.s3cr3t-token_x"
CODE = "493817"
LINK = "https://app.example.com/access"
TO, NAME = "anna@example.com", "anna.petit"


def invitation(**changes: object) -> InvitationMessage:
    given = {"to": TO, "name": NAME, "structure": "Lyon", "token": Secret(TOKEN), "until": UNTIL}
    return InvitationMessage(**given | changes)


def code(**changes: object) -> AddressCodeMessage:
    given = {"to": "+33612345678", "name": NAME, "address": "203.0.113.7", "code": Secret(CODE), "until": UNTIL}
    return AddressCodeMessage(**given | changes)


def warning(ending: Ending, **changes: object) -> WarningMessage:
    return WarningMessage(**{"to": TO, "name": NAME, "ending": ending, "due": UNTIL, "days": 7} | changes)


def notice(change: SecurityChange, **changes: object) -> SecurityMessage:
    return SecurityMessage(**{"to": TO, "name": NAME, "change": change, "at": UNTIL} | changes)


WITH_TOKEN = {
    "invitation": invitation(),
    "reset": ResetMessage(to=TO, name=NAME, token=Secret(TOKEN), until=UNTIL),
    "email": EmailConfirmationMessage(to=TO, name=NAME, token=Secret(TOKEN), until=UNTIL),
}
EVERY: dict[str, Message] = {
    **WITH_TOKEN,
    "sso": invitation(token=None, until=None),
    "code": code(),
    **{f"warning-{each.value}": warning(each) for each in Ending},
    **{f"notice-{each.value}": notice(each) for each in SecurityChange},
}
every_message = pytest.mark.parametrize("message", EVERY.values(), ids=EVERY)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def test_the_examples_are_of_every_kind_of_message() -> None:
    assert {type(message) for message in EVERY.values()} == set(get_args(Message))


class TestEveryMessage:
    @every_language
    @every_message
    def test_it_is_rendered_with_nothing_missing(self, message: Message, language: str) -> None:
        text = wording(message, language, link=LINK)
        assert text.subject
        assert NAME in text.body
        assert re.search(r"[{}]|None|\bSecret\b", text.subject + text.body) is None

    @every_language
    @every_message
    def test_its_instant_is_shown_in_utc_to_the_minute_and_never_too_late(
        self, message: Message, language: str
    ) -> None:
        text = wording(message, language, link=LINK)
        told = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", text.subject + text.body)
        assert set(told) == (set() if message is EVERY["sso"] else {"2026-03-09 08:01 UTC"})

    @every_language
    @every_message
    def test_no_secret_is_in_a_subject_or_a_repr(self, message: Message, language: str) -> None:
        text = wording(message, language, link=LINK)
        for shown in (text.subject, repr(text)):
            assert TOKEN not in shown
            assert CODE not in shown

    @every_message
    def test_each_language_says_it_in_its_own_words(self, message: Message) -> None:
        texts = [wording(message, language, link=LINK) for language in LANGUAGES]
        assert len({text.subject for text in texts}) == len({text.body for text in texts}) == len(LANGUAGES) == 2

    @every_language
    def test_no_two_messages_read_alike(self, language: str) -> None:
        assert len({wording(message, language, link=LINK).body for message in EVERY.values()}) == len(EVERY)

    @every_language
    def test_there_are_words_for_every_change_and_every_ending(self, language: str) -> None:
        words = LANGUAGES[language]
        assert set(words.changes) == set(SecurityChange)
        assert set(words.warnings) == set(Ending)

    def test_english_is_the_language_of_who_names_none(self) -> None:
        assert wording(code(), link=LINK) == wording(code(), "en", link=LINK)

    @pytest.mark.parametrize("language", ["de", "EN", "fr-FR", "", None])
    def test_a_language_without_words_is_refused(self, language: object) -> None:
        with pytest.raises(InvalidValue, match="expected one of en, fr"):
            wording(code(), language, link=LINK)

    def test_an_instant_of_another_zone_is_shown_in_utc(self) -> None:
        paris = UNTIL.astimezone(timezone(timedelta(hours=1)))
        assert wording(invitation(until=paris), link=LINK) == wording(invitation(), link=LINK)


class TestInvitation:
    def test_s7_says_that_the_account_exists_the_login_and_how_to_create_a_password(self) -> None:
        text = wording(invitation(), link=LINK)
        assert text.subject == "Your account for Lyon"
        assert "You have an account for Lyon." in text.body
        assert "Your login name: anna.petit" in text.body
        assert f"create your own password here, by 2026-03-09 08:01 UTC at the latest:\n{LINK}/invitation" in text.body

    @pytest.mark.parametrize(
        ("language", "advice"),
        [
            ("en", "digits, uppercase and lowercase letters and special characters"),
            ("fr", "des chiffres, des majuscules, des minuscules et des caractères spéciaux"),
        ],
    )
    def test_s8_advises_what_a_password_is_made_of(self, language: str, advice: str) -> None:
        assert advice in wording(invitation(), language, link=LINK).body

    def test_s9_until_is_thirty_days_from_the_founding_itself(self) -> None:
        clock = ManualClock()
        access = AccessControl(MemoryRepositories(), policy=policy(), hasher=CountingHasher(), clock=clock)
        boss = NewUser(email=TO, role="administrator", name="the.boss")
        founded = access.found(System("test"), Entity(id="lyon", title="Lyon"), boss)
        assert isinstance(founded, Founded)
        (message,) = founded.messages
        last = clock.now() + timedelta(days=30)
        assert f"by {last:%Y-%m-%d %H:%M} UTC at the latest" in wording(message, link=LINK).body

    @every_language
    def test_a24_whoever_comes_by_sso_is_asked_for_no_password_and_led_to_the_sign_in(self, language: str) -> None:
        body = wording(EVERY["sso"], language, link=LINK).body
        assert body.endswith(f"\n{LINK}/sign-in\n")
        assert "?token=" not in body


class TestLinks:
    @every_language
    @pytest.mark.parametrize("page", WITH_TOKEN)
    def test_the_token_stands_once_in_the_body_as_a_parameter(self, page: str, language: str) -> None:
        body = wording(WITH_TOKEN[page], language, link=LINK).body
        assert re.findall(r"https?://\S+", body) == [f"{LINK}/{page}?token={TOKEN}"]
        assert body.count(TOKEN) == 1

    def test_a_base_address_may_end_in_a_slash(self) -> None:
        assert wording(invitation(), link=f"{LINK}/") == wording(invitation(), link=LINK)

    def test_a_token_is_quoted_as_a_parameter(self) -> None:
        body = wording(invitation(token=Secret("a b&c=d/é")), link=LINK).body
        assert f"{LINK}/invitation?token=a%20b%26c%3Dd%2F%C3%A9\n" in body

    def test_a_host_may_say_where_each_message_leads(self) -> None:
        def link(message: Message) -> str:
            assert isinstance(message, ResetMessage)
            return f"app://reset#{message.token.reveal()}"

        body = wording(WITH_TOKEN["reset"], link=link).body
        assert f"\napp://reset#{TOKEN}\n" in body

    @pytest.mark.parametrize(
        "link",
        [
            *("", "app.example.com", "ftp://app.example.com", "https://", f"{LINK}?a=b", f"{LINK}#a", f"{LINK}/a b"),
            *(f"{LINK}\r\nBcc: eve@example.com", "https://ex\u202eample.com", None, 7, b"https://app.example.com"),
        ],
    )
    def test_a_base_that_is_no_address_of_pages_is_refused(self, link: object) -> None:
        with pytest.raises(InvalidValue, match=r"^link is \w+: expected an address such as https"):
            wording(invitation(), link=link)

    @pytest.mark.parametrize("answer", ["", f"{TOKEN} {TOKEN}", f"{TOKEN}\nBcc: eve@example.com", "\u2028", None])
    def test_what_a_hosts_function_answers_is_checked_and_not_shown(self, answer: object) -> None:
        with pytest.raises(InvalidValue, match=r"^link is ") as refused:
            wording(invitation(), link=lambda _: answer)
        assert TOKEN not in str(refused.value)


class TestInjection:
    FORGED = "Lyon\r\nBcc: eve@example.com\n\nHello"

    @every_language
    @every_message
    @given(hostile=st.text(min_size=1))
    def test_nothing_given_adds_a_line_or_a_header(self, message: Message, language: str, hostile: str) -> None:
        calm = wording(message, language, link=LINK)
        changes = {"name": hostile, **({"structure": hostile} if isinstance(message, InvitationMessage) else {})}
        text = wording(evolve(message, **changes), language, link=LINK)
        assert len(text.subject.splitlines()) == 1
        assert len(text.body.splitlines()) == len(calm.body.splitlines())
        text.subject.encode()
        text.body.encode()

    @every_language
    def test_what_would_forge_a_header_is_shown_as_what_it_is(self, language: str) -> None:
        text = wording(invitation(structure=self.FORGED), language, link=LINK)
        assert text.subject.endswith(r" Lyon\u000d\u000aBcc: eve@example.com\u000a\u000aHello")

    def test_what_looks_like_a_placeholder_stays_what_it_is(self) -> None:
        text = wording(invitation(structure="{link} {0} {name.__class__}"), link=LINK)
        assert text.subject == "Your account for {link} {0} {name.__class__}"

    def test_the_address_in_an_sms_cannot_add_a_line_either(self) -> None:
        assert len(wording(code(address="::1\nCode 000000"), link=LINK).body.splitlines()) == 1


class TestSms:
    @every_language
    def test_it_fits_two_parts_and_keeps_to_the_alphabet_of_phones(self, language: str) -> None:
        body = wording(code(), language, link=LINK).body
        assert len(body) <= 2 * 153
        assert set(body) - set(map(chr, range(32, 127))) <= set("éèàùì")  # GSM 03.38

    @every_language
    def test_d14_it_names_login_address_code_and_time_and_nothing_else_of_anybody(self, language: str) -> None:
        message = code()
        text = wording(message, language, link=LINK)
        given = (NAME, message.address, CODE, "2026-03-09 08:01")
        assert (1, 1, 1, 1) == tuple(text.body.count(each) for each in given)
        other_digits = re.sub("|".join(map(re.escape, given)), "", text.subject + text.body)
        assert [] == re.findall(r"\d", other_digits)  # so no mobile number
        assert LINK not in text.body


class TestSecurityChanges:
    @pytest.mark.parametrize(
        ("change", "english", "french"),
        [
            (SecurityChange.SECOND_FACTOR_ENROLLED, "set up for your login", "associée à votre accès"),
            (SecurityChange.SECOND_FACTOR_RESET, "do not count any more", "ne sont plus valables"),
            (SecurityChange.RECOVERY_CODE_USED, "has been used", "a été utilisé"),
            (SecurityChange.RECOVERY_CODES_RENEWED, "new recovery codes", "nouveaux codes de secours"),
            (SecurityChange.PASSWORD_COMPROMISED, "Somebody else may know", "Quelqu'un d'autre connaît peut-être"),
        ],
    )
    def test_s26_s23_the_first_line_says_what_has_changed(
        self, change: SecurityChange, english: str, french: str
    ) -> None:
        for language, words in (("en", english), ("fr", french)):
            assert words in wording(notice(change), language, link=LINK).body.splitlines()[0]

    @every_language
    @pytest.mark.parametrize("change", SecurityChange, ids=lambda each: each.value)
    def test_no_notice_brings_a_link_that_people_would_learn_to_follow(
        self, change: SecurityChange, language: str
    ) -> None:
        assert "http" not in wording(notice(change), language, link=LINK).body


ANSWERS = {
    *get_args(SignInOutcome),
    *get_args(StepOutcome),
    *get_args(PasswordChangeOutcome),
    *(Done, Founded, RecoveryCodes, ResetRequested, ResetShown, InvitationShown, Unblocked, Forgotten),
    *(LinkIssued, LinksIssued, LinkShown, LinkOpened, Assigned),
}


@pytest.mark.parametrize("answer", sorted(ANSWERS, key=lambda each: each.__name__), ids=lambda each: each.__name__)
def test_every_answer_has_messages_so_that_a_host_sends_them_in_one_place(answer: type) -> None:
    assert hasattr(answer, "messages")


def test_what_changed_nothing_has_no_message() -> None:
    assert () == PasswordRejected(()).messages


def test_a_text_is_a_value() -> None:
    assert Text("a", "b") == Text("a", "b") != Text("a", "c")
