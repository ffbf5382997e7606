"""An installation whose people owe each step of a sign-in, and the right answers: what tests of whole sign-ins share."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any, TypeAlias

from attrs import define, evolve, field

from mydso_access import (
    AccessControl,
    AddressCodeRequired,
    Enrolled,
    EnrolmentRequired,
    Entered,
    NewPasswordRequired,
    Proof,
    RecoveryCodes,
    SecondFactorRequired,
    SecurityPolicy,
    SignedIn,
    SteppedUp,
    System,
    VerifiedAssertion,
)
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.adapters.totp import Totp
from mydso_access.decisions.second_factor import hashable, new_recovery_codes, seal_context, step_at
from mydso_access.model import (
    Appointment,
    ApprovedAddress,
    Category,
    Credential,
    Email,
    Entity,
    Event,
    EventKind,
    Platform,
    Secret,
    SignInMode,
    Structure,
    User,
)
from mydso_access.model.second_factor import RecoveryCode, SecondFactor
from mydso_access.model.user import SsoIdentity
from mydso_access.policy import Networks, StructurePolicy
from mydso_access.policy.addresses import Recipient
from mydso_access.policy.second_factor import Algorithm
from mydso_access.repositories import Repositories
from mydso_access.testing.clock import A_MONDAY
from tests.support import RIGHT, World, active, policy, populated, settle

NEW = "Purple-Elephant-3"
AWAY = "203.0.113.9"  # on nobody's list
REMEMBERED = "203.0.113.77"
SEED = Secret(b"twenty bytes of seed")
RECOVERY = new_recovery_codes([f"paper {number}" for number in range(10)])
HOST = System("setup")
MOBILE = "+33612345678"
IDP = "https://idp.example"
LIST = {"addresses.networks": Networks("10.0.0.0/8")}
OFFICE = StructurePolicy(LIST | {"addresses.recipient": Recipient.ADMINISTRATOR})
BOSS = Appointment("id-boss", "of-boss")
PLACES = (
    Entity(id="e1", title="Lyon"),
    Entity(id="listed", title="Nice", policy=StructurePolicy(LIST)),
    Entity(id="office", title="Nantes", policy=OFFICE, main_administrators=(BOSS,)),
    Entity(id="factors", title="Paris", policy=StructurePolicy({"second_factor.required": True})),
    Entity(id="sso", title="Lille", sign_in_mode=SignInMode.SSO),
    Platform(id="p1", title="The group"),
)
POLICY = evolve(policy(), addresses=evolve(policy().addresses, recipient=Recipient.USER))
# What a right answer can lead to.
GRANTS = (SignedIn, Entered, SteppedUp, Enrolled, RecoveryCodes)
# Something that is done at a door; done twice, it gives the same token and the same code.
Act: TypeAlias = Callable[[AccessControl], Any]


@define(repr=False)
class ToldChance:
    """Draws the same ids every time, and tells which."""

    drawn: list[str] = field(factory=list)
    numbers: Iterator[int] = field(factory=count)

    def new_id(self) -> str:
        self.drawn.append(hashlib.sha256(str(next(self.numbers)).encode()).hexdigest()[:32])
        return self.drawn[-1]

    def fraction(self) -> float:
        return 0.5


@define
class Stage(World):
    """An installation with a second factor to open and an address list; its chance and its clock stand still."""

    repositories: Any = field(factory=lambda: populated(active("nobody-asks")))
    policy: SecurityPolicy = POLICY
    box: Any = field(factory=UnprotectedBox)
    chance: ToldChance = field(factory=ToldChance)

    def __attrs_post_init__(self) -> None:
        self.repositories = type(self.repositories)()
        settle(self.repositories, *PLACES)
        for user in self.people():
            self.save(user)

    def people(self) -> list[User]:
        seed = self.box.seal

        def factor(name: str) -> SecondFactor:
            codes = tuple(
                RecoveryCode(place, self.hasher.hash(hashable(code))) for place, code in enumerate(RECOVERY, start=1)
            )
            return SecondFactor(
                seed(SEED, seal_context(f"id-{name}")), Algorithm.SHA1, A_MONDAY - timedelta(days=1), 0, codes
            )

        def person(name: str, place: str, **changes: Any) -> User:
            known = {"credential": Credential(self.hasher.hash(Secret(RIGHT.encode())), A_MONDAY)}
            email = Email(f"{name}@example.com", A_MONDAY)
            return active(
                name, **known | {"structure": Structure.entity(place), "email": email, "mobile": MOBILE} | changes
            )

        weak = Credential(self.hasher.hash(Secret(RIGHT.encode())), A_MONDAY, compromised=True)
        group = {"category": Category.MULTI_ENTITY, "structure": Structure.platform("p1")}
        remembered = (ApprovedAddress(REMEMBERED, Structure.entity("listed"), A_MONDAY),)
        by_sso = {"sign_in_mode": SignInMode.SSO, "credential": None}
        return [
            person("plain", "e1"),
            person("travelling", "listed", approved=remembered),
            person("boss", "office", role="administrator", appointments=frozenset({BOSS.id})),
            person("visiting", "office"),
            person("enrolled", "e1", second_factor=factor("enrolled")),
            person("enrolling", "factors"),
            person("due", "e1", credential=weak),
            person("owing", "e1", credential=weak, second_factor=factor("owing")),
            person("everything", "listed", credential=weak, second_factor=factor("everything")),
            person("by-sso", "sso", sso=SsoIdentity(IDP, "by-sso"), credential=None),
            person(
                "all-by-sso",
                "listed",
                sso=SsoIdentity(IDP, "all-by-sso"),
                second_factor=factor("all-by-sso"),
                **by_sso,
            ),
            person("group", "e1", memberships=frozenset({"e1"}), **group),
            person("abroad", "e1", memberships=frozenset({"listed", "factors"}), **group),
        ]

    @property
    def access(self) -> AccessControl:
        return self.door(self.repositories)

    def door(self, repositories: Repositories, **options: Any) -> AccessControl:
        own = {"hasher": self.hasher, "clock": self.clock, "chance": self.chance, "secret_box": self.box}
        own["resource_exists"] = self.resource_exists
        return AccessControl(repositories, policy=self.policy, **own | options)

    def save(self, user: User) -> None:
        event = Event(id=f"add-{self.chance.new_id()}", kind=EventKind.USER_CREATED, at=user.saved_at)
        self.repositories.users.save(user, event)

    def user(self, name: str) -> User:
        found = self.repositories.users.get(f"id-{name}")
        assert found is not None
        return found

    def change(self, name: str, **changes: Any) -> None:
        """Save somebody changed, as nobody's flow."""
        self.save(evolve(self.user(name), **changes))

    def totp(self, seed: Secret[bytes] = SEED, steps: int = 0) -> str:
        """Return the code that an app shows now, or some steps later."""
        return Totp().code(seed, step_at(self.clock.now()) + steps, Algorithm.SHA1).reveal()

    def assertion(self, name: str) -> VerifiedAssertion:
        instant, new_id = self.clock.now(), self.chance.new_id()
        return VerifiedAssertion(issuer=IDP, subject=name, id=new_id, instant=instant)

    def begin(self, name: str, address: str = AWAY) -> Any:
        """Prove the first factor that somebody has, as stored now."""
        user = self.user(name)
        if user.sso is not None:
            return self.access.sign_in_with_sso(self.assertion(name), address=address)
        return self.access.sign_in(name, self.passwords(name)[-1], address=address)

    def passwords(self, name: str) -> list[str]:
        """Return those that were set for somebody by these tests, the present one last."""
        user = self.user(name)
        hashed = None if user.credential is None else user.credential.hash
        texts = [RIGHT, NEW, NEW + "b", NEW + "c"]
        right = [text for text in texts if hashed is not None and self._is(hashed, text)]
        return [*(text for text in texts if text not in right), *right]

    def _is(self, hashed: Secret[str], text: str) -> bool:
        return self.hasher.verify(hashed, Secret(text.encode())).value == "right"

    def answered(self, name: str, asked: Any, address: str = AWAY) -> Act:
        """Return the right answer to what is asked: the same one however often it is given."""
        token, user = asked.sign_in, self.user(name)
        match asked:
            case AddressCodeRequired():
                code = asked.messages[-1].code
                return lambda access: access.enter_address_code(token.reveal(), code.reveal(), address=address)
            case SecondFactorRequired():
                seed = self.box.open(user.second_factor.seed, seal_context(user.id))
                number = self.totp(seed)
                return lambda access: access.enter_second_factor(token.reveal(), number, address=address)
            case EnrolmentRequired():
                number = self.totp(Secret(base64.b32decode(asked.seed.reveal())))
                return lambda access: access.confirm_second_factor(token.reveal(), number, address=address)
            case NewPasswordRequired():
                new = next(text for text in (NEW, NEW + "b", NEW + "c") if text != self.passwords(name)[-1])
                return lambda access: access.set_new_password(token.reveal(), new, address=address)
        raise AssertionError(asked)

    def gets_in(self, name: str, address: str = AWAY) -> SignedIn:
        """Sign somebody in, whatever is asked."""
        outcome = self.begin(name, address)
        while not isinstance(outcome, SignedIn):
            outcome = self.answered(name, outcome, address)(self.access)
        return outcome

    def comes_to(self, name: str, step: type) -> Any:
        """Let somebody answer what is asked until this step is."""
        outcome = self.begin(name)
        while not isinstance(outcome, step):
            outcome = self.answered(name, outcome)(self.access)
        return outcome

    def proof(self, name: str) -> Proof:
        return self.gets_in(name).proof
