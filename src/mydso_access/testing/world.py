"""A ready installation to test a host's policy with: people of every kind, one door, one clock, one outbox."""

from typing import Any, Protocol, TypeVar, assert_never

from attrs import field, frozen

from mydso_access.adapters.argon2 import Argon2Hasher
from mydso_access.adapters.memory import MemoryRepositories
from mydso_access.adapters.secret_box import UnprotectedBox
from mydso_access.adapters.synchronous import SynchronousBridge, drive
from mydso_access.control import AccessControl
from mydso_access.decisions.administration import System
from mydso_access.decisions.outcomes import (
    AddressCodeRequired,
    Enrolled,
    EnrolmentRequired,
    NewPasswordRequired,
    Proof,
    SecondFactorRequired,
    SignedIn,
    SignInOutcome,
    SteppedUp,
    StepRequired,
)
from mydso_access.decisions.password import prepared
from mydso_access.errors import InvalidValue
from mydso_access.model.message import AddressCodeMessage, Message
from mydso_access.model.secret import Secret
from mydso_access.model.structure import Structure
from mydso_access.model.user import User
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.policy.security_policy import SecurityPolicy
from mydso_access.ports import PasswordHasher
from mydso_access.repositories import Repositories
from mydso_access.testing.app import App
from mydso_access.testing.builders import created
from mydso_access.testing.clock import ManualClock
from mydso_access.testing.people import BERLIN, CUSTOMERS, GROUP, LYON, PARIS, PEOPLE, structures

PASSWORD = "Correct-Horse-9-Battery-Staple"  # noqa: S105  # long enough for most policies, and worth nothing


class Answer(Protocol):
    """What a door answers: with messages, which the host must send."""

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the host must send now."""
        ...


A = TypeVar("A", bound=Answer)


@frozen(eq=False, repr=False)
class World:
    """An installation with people in it. `World.ready()` makes one, `World.behind(access, ...)` fills one of yours.

    A platform `group` with the entities `lyon`, `paris` and `berlin`. Their main administrators are `hugo`, `anna`,
    `petra` and `bruno`. In Lyon there is somebody of each role: `anna` (administrator), `carl` (credit manager), `mia` and
    `tom` (collectors), `sara` (sales manager), `sally` (sales administration), `fiona` (financial controller), `eric`
    (executive officer), `gus` (guest); and of each state: `ines` is invited, `dora` disabled, `simon` comes by single
    sign-on, `cleo` is a contact. `paul` collects in Paris. `hugo` and `mona` (a collector, in Lyon and Paris) are
    multi-entity users. Everybody's id is `user-` and the name. Lyon has the customers `c1` to `c4`, Paris another `c1`.

    Attributes:
        access: the door.
        clock: what the door reads the time from.
        repositories: where everything is stored.
        password: everybody's.
        address: where everybody signs in from, unless a test says otherwise.
        outbox: every message that was sent with `send`, or by the world itself.
    """

    access: AccessControl
    clock: ManualClock
    repositories: Repositories
    password: str = PASSWORD
    address: str = "203.0.113.7"
    outbox: list[Message] = field(factory=list, init=False)
    _apps: dict[str, App] = field(factory=dict, init=False)
    _passwords: dict[str, str] = field(factory=dict, init=False)

    @classmethod
    def ready(
        cls,
        policy: SecurityPolicy | None = None,
        *,
        repositories: Repositories | None = None,
        clock: ManualClock | None = None,
        password: str = PASSWORD,
    ) -> "World":
        """Return a world behind a door of its own, in memory unless told otherwise; hashing is cheap, whatever is asked.

        Args:
            policy: the policy under test; My DSO Manager's if not given.
            repositories: a synchronous store of your own, empty.
            clock: tells the time.
            password: everybody's; give a longer one if the policy asks for it.

        Raises:
            InvalidValue: the password is malformed.
            AsynchronousStore: the repositories are asynchronous.
        """
        clock = ManualClock() if clock is None else clock
        stored = MemoryRepositories() if repositories is None else repositories
        access = AccessControl(
            stored,
            policy=policy,
            hasher=cheap_hasher(),
            clock=clock,
            secret_box=UnprotectedBox(),
            resource_exists=lambda _: True,
        )
        return cls.behind(access, repositories=stored, clock=clock, password=password)

    @classmethod
    def behind(
        cls,
        access: AccessControl,
        *,
        repositories: Repositories,
        clock: ManualClock,
        hasher: PasswordHasher | None = None,
        password: str = PASSWORD,
    ) -> "World":
        """Return a world behind your own door, which may have roles, proxies and a blocklist of its own.

        Args:
            access: the door.
            repositories: what it was given, empty.
            clock: what it was given.
            hasher: what it was given; the cheapest Argon2 if not given here.
            password: everybody's.

        Raises:
            InvalidValue: the password is malformed.
            AsynchronousStore: the repositories are asynchronous.
        """
        secret = prepared(Secret(password))
        if secret is None:
            raise InvalidValue("password", "malformed", "text that can be a password")
        world = cls(access, clock, repositories, password)
        world._settle((cheap_hasher() if hasher is None else hasher).hash(secret))
        return world

    @property
    def group(self) -> Structure:
        """The platform."""
        return GROUP

    @property
    def lyon(self) -> Structure:
        """The entity with somebody of every role."""
        return LYON

    @property
    def paris(self) -> Structure:
        """Another entity."""
        return PARIS

    @property
    def berlin(self) -> Structure:
        """A third, in which `mona` is not authorised."""
        return BERLIN

    @property
    def names(self) -> tuple[str, ...]:
        """Names of everybody who may sign in with the password."""
        return tuple(each.name for each in PEOPLE if each.state == "ready")

    def user(self, name: str) -> User:
        """Return somebody's record as it is stored now, a contact's too, and of whoever a test has added.

        Raises:
            LookupError: nobody has this name.
        """
        users = self.repositories.users
        found: User | None = self._asked(users.named, name) or self._asked(users.get, f"user-{name}")
        if found is None:
            raise LookupError(name)
        return found

    def sign_in(self, name: str, password: str | None = None, *, address: str | None = None) -> SignInOutcome:
        """Return what the door answers to a name and a password: theirs, unless another is given."""
        typed = self._passwords.get(name, self.password) if password is None else password
        return self.send(self.access.sign_in(name, typed, address=address or self.address))

    def proof_of(self, name: str, *, address: str | None = None) -> Proof:
        """Sign somebody in, through every step that the policy asks for, and return what it proved.

        Raises:
            AssertionError: they are not signed in; the message says why.
        """
        address = address or self.address
        return self._finished(name, self.sign_in(name, address=address), address)

    def app_of(self, name: str) -> App:
        """Return somebody's app. The first time they set it up, which ends every session of theirs.

        Raises:
            AssertionError: they are not signed in, so they can set up none.
        """
        if name not in self._apps:
            proof = self.proof_of(name)
            if name not in self._apps:  # unless that sign-in asked for one
                begun = self.send(self.access.begin_enrolment(proof, address=self.address))
                self._finished(name, begun, self.address)
        return self._apps[name]

    def send(self, answer: A) -> A:
        """Put an answer's messages into the outbox, as a host sends them, and return the answer."""
        self.outbox.extend(answer.messages)
        return answer

    def messages_to(self, name: str) -> tuple[Message, ...]:
        """Return what was sent to somebody: to their address, their new address, their mobile."""
        user = self.user(name)
        mine = {user.mobile, *(each.address for each in (user.email, user.new_email) if each is not None)}
        return tuple(each for each in self.outbox if each.to in mine)

    def _finished(self, name: str, answer: Any, address: str) -> Proof:
        while isinstance(answer, StepRequired):
            answer = self.send(self._step(name, answer, address))
        if isinstance(answer, SignedIn | SteppedUp | Enrolled):
            return answer.proof
        why = answer.explain() if hasattr(answer, "explain") else repr(answer)
        raise AssertionError(f"{name} is not signed in: {why}")

    def _step(self, name: str, step: StepRequired, address: str) -> Answer:
        match step:
            case AddressCodeRequired(sign_in=token, messages=messages):
                (code,) = (each.code for each in messages if isinstance(each, AddressCodeMessage))
                return self.access.enter_address_code(token, code, address=address)
            case SecondFactorRequired(sign_in=token):
                if name not in self._apps:
                    raise AssertionError(
                        f"{name} has an app that the world does not know: set it up by app_of({name!r})"
                    )
                return self.access.enter_second_factor(token, self._apps[name].code(), address=address)
            case EnrolmentRequired(sign_in=token, seed=seed):
                app = App(seed, self.clock, self.access.policy.second_factor.algorithm)
                self._apps[name] = app
                return self.access.confirm_second_factor(token, app.code(), address=address)
            case NewPasswordRequired(sign_in=token):
                self._passwords[name] = f"{self._passwords.get(name, self.password)}+1"
                return self.access.set_new_password(token, self._passwords[name], address=address)
            case _ as never:
                assert_never(never)

    def _settle(self, password: Secret[str]) -> None:
        now, host = self.clock.now(), System("world")
        for structure in structures(now):
            self._asked(self.repositories.structures.save, structure, created(structure))
        for number, person in enumerate(PEOPLE):
            user = person.user(number, password, now)
            self._asked(self.repositories.users.save, user, created(user))
        self.send(self.access.renew_invitation(host, "user-ines"))
        for (entity, customer), (collector, colleagues) in CUSTOMERS.items():
            if collector is not None:
                self.access.assign_collector(host, entity, customer, f"user-{collector}")
            for name in colleagues:
                self.access.associate(host, entity, customer, f"user-{name}")

    def _asked(self, call: Any, *args: Any) -> Any:
        """Return what a repository answers; an asynchronous one is refused by name."""
        return drive(SynchronousBridge().ask(call, *args))


def cheap_hasher() -> PasswordHasher:
    """Return a hasher for test suites, whatever the policy says: the cheapest Argon2, worthless against a thief."""
    return Argon2Hasher(HashingPolicy.cheapest_for_tests())
