"""Every kind of event: brought about in a small installation, and the fields it was stored with."""

from datetime import timedelta
from typing import TypeVar

import attrs
from attrs import evolve
from pyotp import TOTP

from generators.markdown import code, document, table
from generators.step_cases import with_box
from generators.world import ADDRESS, PASSWORD, World
from mydso_access import (
    AccessControl,
    AddressCodeRequired,
    Category,
    Done,
    Enrolled,
    EnrolmentRequired,
    Entered,
    Entity,
    Event,
    EventKind,
    Founded,
    LinkIssued,
    LinkOpened,
    LinkPurpose,
    LinkTarget,
    NewPasswordRequired,
    NewUser,
    PasswordChanged,
    Platform,
    Proof,
    RecoveryCodes,
    Refused,
    ResetRequested,
    SecondFactorRequired,
    Secret,
    SignedIn,
    SignInMode,
    SteppedUp,
    Structure,
    StructurePolicy,
    System,
    User,
)
from mydso_access.policy import Networks

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
    EventKind.BLOCK_STARTED: (
        "an account (S36), an address (S37) or a user's codes for new addresses (D13) are blocked from now on, or an "
        "account has reached its hard cap (D4)"
    ),
    EventKind.BLOCK_ENDED: (
        "a block has ended: noticed, and stored, at the next admitted or refused attempt on that key; or somebody ended it "
        "(D17), who then is its actor"
    ),
    EventKind.USER_CREATED: "a user exists from now on: added, or invited as a structure's first main administrator",
    EventKind.PASSWORD_CHANGED: "a user has changed their password, or a sign-in asked for a new one (S23)",
    EventKind.PASSWORD_CHANGE_REFUSED: "the old password was wrong, or its account is blocked",
    EventKind.PASSWORD_RESET_SENT: "a message that resets the password was made; nobody proved to be anybody",
    EventKind.PASSWORD_RESET: "a new password was set with the token of such a message",
    EventKind.STEPPED_UP: "somebody who is signed in proved their password again, and their second factor if they have one",
    EventKind.STEP_UP_REFUSED: "the password given for that was wrong, or its account is blocked",
    EventKind.PASSWORD_REHASHED: (
        "a right password was hashed anew, with the policy's parameters; stored on its own only if further steps are owed"
    ),
    EventKind.PASSWORD_COMPROMISED: "somebody said that somebody else knows the password (`mark_compromised`)",
    EventKind.STEP_PROVEN: "a second factor was proven, and another step is owed; the differences say how far its clock was off",
    EventKind.ADDRESS_CODE_SENT: "a code for a new address was made, to be sent by SMS (S22)",
    EventKind.ADDRESS_APPROVED: "a structure remembers an address that its administrator let in (D14)",
    EventKind.ADDRESS_REVOKED: "an address that somebody had let in is forgotten",
    EventKind.SECOND_FACTOR_ENROLLED: "the first code of an app was right, and the app counts from now on (S26)",
    EventKind.SECOND_FACTOR_RESET: "a main administrator took a lost second factor away (S26)",
    EventKind.RECOVERY_CODES_RENEWED: "a user has new recovery codes (D8)",
    EventKind.ENTERED: "a user entered an entity: their own, or one that they are authorised in",
    EventKind.ACCESSED: "the host said that a session was used (D15)",
    EventKind.INVITATION_SENT: "a new invitation was made, and the one before is dead (S13, A9)",
    EventKind.INVITATION_ACCEPTED: "the password was created from the invitation (S12)",
    EventKind.USER_UPDATED: "what people call a user, or how the first factor is proven, has changed",
    EventKind.USER_DISABLED: "a login was disabled: by somebody, because it was dormant (S25) or its invitation lapsed (S10)",
    EventKind.USER_ENABLED: "a login was enabled again",
    EventKind.USER_WARNED: "a warning was made that the login goes dormant or the invitation lapses",
    EventKind.USER_FORGOTTEN: (
        "the personal data of a user were erased (once), and their record removed (once more, under the pseudonym)"
    ),
    EventKind.EMAIL_CHANGE_ASKED: "another e-mail address waits to be confirmed",
    EventKind.EMAIL_CHANGED: "the e-mail address has changed",
    EventKind.MOBILE_CHANGED: "the mobile number has changed",
    EventKind.RIGHTS_CHANGED: "role, category, import flag, memberships or appointments of a user have changed",
    EventKind.STRUCTURE_CREATED: "a platform or an entity exists from now on",
    EventKind.STRUCTURE_UPDATED: "a structure's title, or how its users prove the first factor, has changed",
    EventKind.SETTINGS_CHANGED: "a structure asks for something else; the differences say what",
    EventKind.MAIN_ADMINISTRATORS_CHANGED: "a structure has one main administrator more or fewer: the subject",
    EventKind.CUSTOMER_ASSOCIATED: "a customer has one more colleague, or a collector: the subject",
    EventKind.CUSTOMER_DISSOCIATED: "a customer has one colleague fewer, or no collector any more: the subject",
    EventKind.LINKS_ISSUED: "links were issued in the subject's name, up to a thousand at once; the differences say how many",
    EventKind.LINK_RENEWED: "a link of the subject's has another token from now on, and the one before is dead",
    EventKind.LINK_REVOKED: "a link of the subject's opens nothing any more",
    EventKind.LINK_OPENED: "somebody opened a link that was sent in the subject's name; who, nobody knows",
    EventKind.LINK_REFUSED: "somebody came with a link's token, and was refused, for a reason that speaks of the link",
}

T = TypeVar("T")
HOST = System("host")
LYON = Structure.entity("lyon")


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
    attempts(world)
    people(world)
    optional = [field.name for field in attrs.fields(Event) if field.name not in ("id", "kind", "at")]
    stored = world.repositories.events.all()
    if missing := set(EventKind) - {event.kind for event in stored}:
        raise AssertionError(f"never brought about: {missing}")
    return {
        kind: [name for name in optional if any(event.kind is kind and getattr(event, name) for event in stored)]
        for kind in EventKind
    }


def attempts(world: World) -> None:
    """Sign in rightly and wrongly, and change a password."""

    def attempt(password: str) -> None:
        world.access.sign_in("anna", password, address=ADDRESS)

    attempt(PASSWORD)
    for _ in range(world.policy.lockout.account.failures):
        attempt("not the password")
    attempt(PASSWORD)  # while it is blocked
    world.clock.move(world.policy.lockout.account.block + timedelta(seconds=1))
    proof = expect(SignedIn, world.access.sign_in("anna", PASSWORD, address=ADDRESS)).proof
    world.access.change_password(proof, "not the password", "Another-Horse-8", address=ADDRESS)
    expect(PasswordChanged, world.access.change_password(proof, PASSWORD, "Another-Horse-8", address=ADDRESS))


def people(world: World) -> None:
    """Found a platform and an entity, and let everything happen there that leaves an event."""
    access, clock = world.access, world.clock
    group = Platform(id="group", title="The group")
    multi = NewUser(email="head@example.com", role="administrator", name="the.head", category=Category.MULTI_ENTITY)
    head = signed_in(world, expect(Founded, access.found(HOST, group, multi)))
    boss = NewUser(email="boss@example.com", role="administrator", name="the.boss")
    actor = signed_in(world, expect(Founded, access.found(HOST, Entity(id="lyon", title="Lyon"), boss)))
    user = people_come(world, actor)
    proof = people_work(world, user)
    expect(Done, access.change_settings(actor, LYON, StructurePolicy({"dormancy.months": 2})))
    expect(Done, access.describe_structure(HOST, LYON, title="Lyon 2", sign_in_mode=SignInMode.PASSWORD))
    for change in (access.appoint, access.dismiss):
        expect(Done, change(actor, LYON, user))
    for associated in (access.associate, access.dissociate):
        expect(Done, associated(actor, "lyon", "customer-7", user))
    access.unblock_account(actor, user)
    access.unblock_address(head, ADDRESS)
    expect(Entered, access.enter(proof, "lyon", address=ADDRESS))
    links(world, actor)
    steps(world, proof)
    clock.move(timedelta(days=50))
    access.sweep(send=lambda _: None)
    access.disable_user(HOST, user)
    access.enable_user(HOST, user)
    contact = NewUser(email="left@example.com", role="guest", category=Category.INACTIVE)
    access.forget_user(
        HOST, expect(Done, access.add_user(HOST, LYON, contact)).record.id
    )  # whose events lose addresses


def people_come(world: World, actor: Proof) -> str:
    """Add a user, who is invited twice and then renamed, and return the id."""
    access = world.access
    new = NewUser(email="carl@example.com", role="collector", name="carl.long")
    user = expect(Done, access.add_user(actor, LYON, new)).record.id
    renewed = expect(Done, access.renew_invitation(actor, user))
    accept(world, renewed.messages[0].token)
    expect(Done, access.change_role(actor, user, "administrator"))
    expect(Done, access.rename(actor, user, "Carl Long"))
    return user


def people_work(world: World, user: str) -> Proof:
    """Let a user do what users do of themselves, and return the latest proof."""
    access = world.access
    proof = expect(SignedIn, access.sign_in("carl.long", PASSWORD, address=ADDRESS)).proof
    access.step_up(proof, "not the password", address=ADDRESS)
    proof = expect(SteppedUp, access.step_up(proof, PASSWORD, address=ADDRESS)).proof
    access.accessed(proof)
    asked = expect(Done, access.change_email(proof, user, "carl.long@example.com"))
    expect(Done, access.confirm_email(asked.messages[0].token))
    expect(Done, access.change_mobile(proof, user, "+33612345678"))
    requested = expect(ResetRequested, access.request_password_reset("carl.long"))
    expect(Done, access.complete_password_reset(requested.messages[0].token, "Another-Horse-8"))
    return expect(SignedIn, access.sign_in("carl.long", "Another-Horse-8", address=ADDRESS)).proof


def links(world: World, actor: Proof) -> None:
    """Issue a link, and let everything happen to it."""
    access = world.access
    target = LinkTarget(
        purpose=LinkPurpose.DOCUMENT, entity="lyon", customer="7", resource="invoice", recipient="buyer@example.com"
    )
    issued = expect(LinkIssued, access.issue_link(actor, target))
    renewed = expect(LinkIssued, access.renew_link(actor, issued.link.id))
    expect(LinkOpened, access.open_link(renewed.token, target.purpose))
    expect(Done, access.revoke_link(actor, renewed.link.id))
    expect(Refused, access.open_link(renewed.token, target.purpose))


def steps(world: World, proof: Proof) -> None:
    """Let a user enrol, lose the app, and come from an address that is not listed."""
    access, clock = with_box(world), world.clock
    enrolment = expect(EnrolmentRequired, access.begin_enrolment(proof, address=ADDRESS))
    app = TOTP(enrolment.seed.reveal())
    enrolled = expect(Enrolled, access.confirm_second_factor(enrolment.sign_in, app.at(clock.now()), address=ADDRESS))
    expect(RecoveryCodes, access.renew_recovery_codes(enrolled.proof))
    user = enrolled.user.id
    expect(Done, access.mark_compromised(HOST, user))  # so a new password is owed after the code
    owing = expect(SecondFactorRequired, access.sign_in("carl.long", "Another-Horse-8", address=ADDRESS))
    clock.move(timedelta(seconds=30))
    code = app.at(clock.now())
    expect(NewPasswordRequired, access.enter_second_factor(owing.sign_in, code, address=ADDRESS))
    expect(Done, access.reset_second_factor(HOST, user))
    grown = evolve(world.policy, hashing=evolve(world.policy.hashing, time_cost=world.policy.hashing.time_cost + 1))
    access = world.access = AccessControl(world.repositories, policy=grown, clock=clock)
    expect(NewPasswordRequired, access.sign_in("carl.long", "Another-Horse-8", address=ADDRESS))  # hashed anew before
    expect(Done, access.change_mobile(HOST, world_id(world, "the.boss"), "+33612345678"))
    networks = Networks("198.51.100.0/24")
    settings = access.change_settings(HOST, LYON, StructurePolicy({"addresses.networks": networks}))
    expect(Done, settings)
    sent = expect(AddressCodeRequired, access.sign_in("carl.long", "Another-Horse-8", address=ADDRESS))
    let_in = access.enter_address_code(sent.sign_in, sent.messages[0].code, address=ADDRESS)
    owed = expect(NewPasswordRequired, let_in)
    expect(SignedIn, access.set_new_password(owed.sign_in, "Yet-Another-9", address=ADDRESS))
    expect(Done, access.revoke_shared_address(HOST, LYON, ADDRESS))
    expect(Done, access.change_settings(HOST, LYON, StructurePolicy({"dormancy.months": 2})))


def world_id(world: World, name: str) -> str:
    """Return the id of whoever has a name."""
    return expect(User, world.repositories.users.named(name)).id


def signed_in(world: World, founded: Founded) -> Proof:
    """Let a first main administrator accept the invitation and sign in."""
    accept(world, founded.messages[0].token)
    name = founded.administrator.name
    return expect(SignedIn, world.access.sign_in(name, PASSWORD, address=ADDRESS)).proof


def accept(world: World, token: Secret[str]) -> None:
    """Create the password of an invitation."""
    expect(Done, world.access.accept_invitation(token, PASSWORD))


def expect(kind: type[T], answer: object) -> T:
    """Return an answer that must be of a kind, or the story is not what this page says."""
    if not isinstance(answer, kind):
        raise AssertionError(f"{kind.__name__} expected, not {answer}")  # noqa: TRY004  # nobody catches it
    return answer


def fields() -> str:
    """Return the fields as the class describes them."""
    described = (Event.__doc__ or "").partition("Attributes:")[2].strip().splitlines()
    rows = [line.strip().split(": ", 1) for line in described]
    return table(("field", "what it holds"), [(code(name), text) for name, text in rows])
