"""A row of the sign-in table, played through the pure decisions, chained as the gate, `answering` and `stepping` chain them."""

from datetime import datetime, timedelta
from typing import Any

from attrs import define, evolve, field

from mydso_access.answering import Return, _Answer
from mydso_access.decisions.addresses import judge_send, recipient_of
from mydso_access.decisions.administration import ActorFacts
from mydso_access.decisions.lockout import Admission, Admitted, Blocked, Full, Settlement
from mydso_access.decisions.membership import Entered, judge_entry
from mydso_access.decisions.naming import account_key, address_key, codes_key
from mydso_access.decisions.outcomes import PasswordRejected, Proof, Refused, SignedIn
from mydso_access.decisions.password import review_password
from mydso_access.decisions.rotation import is_outgrown, with_password
from mydso_access.decisions.second_factor import TypedCode, TypedRecoveryCode
from mydso_access.decisions.settling import UNCOUNTED, address_settlement, settlement_of
from mydso_access.decisions.sign_in import (
    Complete,
    Place,
    SecretVerdict,
    SignInFacts,
    evaluates,
    judge_by,
    judge_keys,
    judge_meant,
    judge_user,
    policy_there,
)
from mydso_access.decisions.sso import judge_assertion, proven_by
from mydso_access.decisions.steps import (
    AddressCode,
    Enrolment,
    NewPassword,
    SecondFactorCode,
    Standing,
    Step,
    begun,
    bound_to,
    judge_token,
    next_step,
    who,
)
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, code_digest, session_digest, token_digest
from mydso_access.flows.address_codes import _Entered, _SendAgain
from mydso_access.flows.new_password import _NewPassword
from mydso_access.flows.second_factor import _RecoveryCode
from mydso_access.gate import _unguessed
from mydso_access.model import AttemptCounter, Entity, Factor, Reason, Reservation, Secret, SignIn, User
from mydso_access.model.second_factor import SecondFactor
from mydso_access.model.sign_in import Approval, NewSeed, Purpose, SentCode
from mydso_access.policy import LockoutPolicy
from mydso_access.policy.second_factor import Algorithm
from tests.decisions.table import PLAIN, Answer, Row
from tests.decisions.table_words import RIGHTLY, TRIES, Asked, Tried, Try, in_words
from tests.decisions.table_world import (
    BOSS,
    CLIENT,
    GOOD,
    IDENTITY,
    LATER,
    NAME,
    NOW,
    OTHER_CLIENT,
    RECOVERY,
    TICK,
    WEAK,
    World,
    assertion_of,
    changed_meanwhile,
    proof_of,
    world_of,
)

SECRET, EARLIER = Secret("the token's other half"), Secret("the earlier token's")
CODE, OTHER_CODE = Secret("123456"), Secret("654321")
TAKEN = {"none": 0, "one": 1, "two": 2, "all": 9}
SETTLED = {Settlement.WRONG: "counted", Settlement.GIVEN_BACK: "given back", Settlement.COMPLETE: "cleared"}
HOUR = NOW + timedelta(hours=1)
ADDRESS, ACCOUNT, CODES = (
    AttemptCounter(key) for key in (address_key(CLIENT, LockoutPolicy()), account_key(NAME), codes_key("u-anna"))
)


def _admission(counter: AttemptCounter, said: str, rule: str) -> Admission:
    if said == "full":
        return Full(counter)
    if said == "hard cap":
        return Blocked(counter, None, "D4")
    if said.startswith("blocked"):
        return Blocked(counter, HOUR, rule)
    return Admitted(counter, Reservation("r", NOW, NOW, 0))


def played(row: Row) -> Answer:
    """Return what the decisions make of a row."""
    journey = Journey(row, world_of(row))
    tried = journey.first(PLAIN if row["then"] != "nothing" else row)
    for _ in range(TAKEN[row["taken"]]):
        if not isinstance(tried.outcome, Asked):
            break
        tried = journey.answer(RIGHTLY[type(journey.step)], PLAIN)
    if row["then"] != "nothing":
        tried = journey.last()
    return journey.told(tried)


@define
class Journey:
    """Somebody on their way."""

    row: Row
    world: World
    user: User | None = field(init=False)
    place: Place = field(init=False)
    sign_in: SignIn | None = None
    step: Step | None = None

    def __attrs_post_init__(self) -> None:
        self.user = self.world.user
        self.place = Place(self.world.home, self.world.policy, NOW, self.world.entity)

    def first(self, keys: Row) -> Tried:
        """Try the first factor, or to enter."""
        place, policy = self.place, self.place.policy
        if self.row["by"] == "enter":
            facts = ActorFacts(proof_of(self.row), policy, NOW, self.user, place.home)
            found = judge_entry(facts, place.entity)
            if isinstance(found, Refused):
                return Tried(found)
            entity = self.row["entity"] if place.entity is None else place.entity.id
            return Tried(self._begun(found, Purpose.ENTER, proof_of(self.row).factors, entity=entity))
        if self.row["by"] == "sso":
            return self._gate(keys, IDENTITY, self._by_sso())
        verdicts = {"wrong": SecretVerdict.WRONG, "unusable": SecretVerdict.UNUSABLE}

        def grant(user: User) -> Any:
            outgrown = is_outgrown(self.world.password, policy_there(user, place).policy, frozenset())
            return self._begun(user, Purpose.SIGN_IN, ((Factor.PASSWORD, NOW),), outgrown=outgrown)

        verdict = verdicts.get(self.row["password"], SecretVerdict.RIGHT)
        judged = lambda secret: judge_user(self.user, NAME, secret, place)  # noqa: E731
        return self._gate(keys, NAME, Try(judged, verdict, grant, hashed=True))

    def _by_sso(self) -> Try:
        assertion, place = assertion_of(self.row), self.place

        def judged(_: Any) -> Complete | Refused:
            meant = judge_meant(self.user, IDENTITY, place, Factor.SSO)
            if isinstance(meant, Refused):
                return meant
            return judge_assertion(assertion, place.policy.sso, NOW, meant) or Complete(meant)

        def grant(user: User) -> Any:
            if self.row["assertion"] == "replayed":
                return Refused(Reason.REPLAYED_ASSERTION, "S35", user_id=user.id)  # the store's answer, not a decision
            return self._begun(user, Purpose.SIGN_IN, proven_by(assertion, place.policy.sso, NOW))

        return Try(judged, SecretVerdict.RIGHT, grant, is_guess=False)

    def _begun(self, user: User, purpose: Purpose, factors: Any, **more: Any) -> Any:
        lasts, address = self.place.policy.tokens.sign_in, address_key(CLIENT, self.place.policy.lockout)
        draft = begun(user, purpose, factors, address=address, at=NOW, lasts=lasts, **more)
        return self._proceed(Standing(user, draft, self.place, CLIENT))

    def last(self) -> Tried:
        """Make the last try, a minute later, after what others have changed meanwhile."""
        row, then, home = self.row, self.row["then"], self.place.home
        assert self.user is not None
        assert self.sign_in is not None
        assert home is not None
        if then == "no code":
            return Tried(Refused(Reason.MALFORMED, "D11"))  # a code's form is read before anything else
        now = {"address code old": NOW + timedelta(minutes=10) + TICK}.get(then, LATER)
        now = NOW + timedelta(minutes=15) + TICK if row["meanwhile"] == "too late" else now
        self.user, self.place = _with_place(row, self.user, self.place, now)
        if row["meanwhile"] == "used":
            self.sign_in = evolve(self.sign_in, used_at=now)
        return self.answer(then, row)

    def answer(self, then: str, keys: Row) -> Tried:
        """Answer a step, as `answering.answer` does."""
        sign_in, user, meanwhile = self.sign_in, self.user, keys["meanwhile"]
        assert sign_in is not None
        assert user is not None
        secret = EARLIER if meanwhile == "earlier token" else SECRET
        client = OTHER_CLIENT if meanwhile == "other address" else CLIENT
        session = session_digest("another" if meanwhile == "other session" else None)
        given, place = GivenToken(sign_in.id, secret), self.place
        read = judge_token(sign_in, given, address_key(client, place.policy.lockout), session, place.now)
        if isinstance(read, Refused):
            return Tried(read)
        reply, verdict = self._reply(then, given)
        installation: Any = None  # what is judged here asks nothing of it
        claim = _Answer(installation, Return(Secret("token"), client, session), reply, given, sign_in)
        judged = claim.judge(user, place, SecretVerdict.RIGHT)
        if isinstance(judged, Refused) and judged.reason in UNCOUNTED - {Reason.DEAD_SIGN_IN}:
            return Tried(judged)
        if isinstance(judged, Complete) and then == "new password weak":
            rules = policy_there(user, place).policy.binding_passwords
            return Tried(PasswordRejected(review_password(Secret(WEAK), rules).violations))
        if verdict is None:  # decided by what was sent
            verdict = reply.look(claim.standing(user, place), None)
        tried = Try(
            lambda found: claim.judge(self.user, place, found),
            verdict,
            lambda found: self._taken(then, claim.standing(found, place)),
            is_guess=reply.is_guess,
            hashed=reply.hashed is not None,
            with_codes=reply.answers is AddressCode and reply.is_guess,
        )
        name = who(user, sign_in)
        assert name is not None
        return self._gate(keys, name, tried)

    def _reply(self, then: str, given: GivenToken) -> tuple[Any, SecretVerdict | None]:
        installation: Any = None
        if then in TRIES:
            kind, verdict = TRIES[then]
            place = 9 if then == "recovery used" else 3
            typed = TypedRecoveryCode(place, Secret(RECOVERY[3].encode())) if kind is _RecoveryCode else TypedCode(CODE)
            return kind(installation, typed), verdict
        if then == "send again":
            return _SendAgain(installation), SecretVerdict.RIGHT
        if then.startswith("address code"):
            return _Entered(installation, given, TypedCode(OTHER_CODE if then.endswith("wrong") else CODE)), None
        return _NewPassword(installation, Secret(GOOD), Secret(GOOD.encode())), SecretVerdict.RIGHT

    def _gate(self, keys: Row, name: Any, tried: Try) -> Tried:
        """Charge, judge and settle, as the gate does."""
        lockout = self.place.policy.lockout
        address = _admission(ADDRESS, keys["address key"], "S37")
        if refusal := judge_keys(SignInFacts(name, address)):
            return Tried(refusal)
        account = _admission(ACCOUNT, keys["account key"], "S36")
        with_codes = tried.with_codes and isinstance(account, Admitted)
        codes = _admission(CODES, keys["codes key"], "D13") if with_codes else None
        facts = SignInFacts(name, address, account, codes, self.user, place=self.place)
        looks = evaluates(facts, tried.judged)
        found = judge_by(facts, tried.judged, tried.verdict if looks else None)
        outcome = tried.grant(found.user) if isinstance(found, Complete) else found
        if isinstance(found, Complete):
            on_account = settlement_of(outcome) if tried.is_guess else _unguessed(outcome)
            wrong = on_account is Settlement.WRONG
            on_address = Settlement.WRONG if wrong else Settlement.GIVEN_BACK
        elif not tried.is_guess or settlement_of(found) is not Settlement.WRONG:
            on_address = on_account = Settlement.GIVEN_BACK
        else:
            on_address, on_account = address_settlement(facts, lockout), Settlement.WRONG
        return Tried(
            outcome,
            SETTLED[on_address],
            SETTLED[on_account] if isinstance(account, Admitted) else "–",
            SETTLED[on_account] if isinstance(codes, Admitted) else "–",
            ("stored" if looks else "dummy") if tried.hashed else "–",
        )

    def _taken(self, then: str, standing: Standing) -> Any:
        """Do what a right answer does to sign-in and user, as `take` of each reply does, and go on."""
        user, sign_in, now = standing.user, standing.sign_in, standing.now
        if then == "address code right" and sign_in.code is not None:
            sent = sign_in.code
            approvals = (*sign_in.approvals, Approval(sent.address, sent.structure, sent.validator))
            factors = (*sign_in.factors, (Factor.ADDRESS_CODE, now))
            sign_in = evolve(sign_in, code=None, approvals=approvals, factors=factors)
        elif then in ("code right", "recovery right"):
            shown = Factor.TOTP if then == "code right" else Factor.RECOVERY_CODE
            sign_in = evolve(sign_in, factors=(*sign_in.factors, (shown, now)))
        elif then == "first code right":
            at = now + TICK
            user = evolve(user, second_factor=SecondFactor(Secret("s"), Algorithm.SHA1, at, 1), valid_from=at)
            sign_in = evolve(sign_in, factors=(*sign_in.factors, (Factor.TOTP, now)), since=at, seed=None)
        elif then == "new password used before":
            return PasswordRejected(())  # it is compared with hashes, which is no decision
        elif then == "new password good":
            at = now + TICK
            policy = policy_there(user, standing.place).policy
            user = evolve(user, **with_password(user, Secret(GOOD), policy, at))
            sign_in = evolve(sign_in, outgrown=False, since=at)
        return self._proceed(evolve(standing, user=user, sign_in=sign_in))

    def _proceed(self, standing: Standing) -> Any:
        """Complete or ask, as `stepping.proceed` and `asking.ask` do."""
        self.user, self.sign_in, self.step = standing.user, standing.sign_in, None
        step = next_step(standing)
        if isinstance(step, Refused):
            return step
        if step is not None:
            return self._asked(standing, step)
        user, place, proof = standing.user, standing.place, Proof(standing.user.id, standing.sign_in.factors)
        if place.entity is None:
            return SignedIn(user, proof)
        return Entered(user, place.entity, policy_there(user, place), proof)

    def _asked(self, standing: Standing, step: Step) -> Any:
        user, sign_in, owed = standing.user, evolve(standing.sign_in, code=None, seed=None), ""
        match step:
            case AddressCode(structure=record):
                policy = policy_there(user, standing.place).policy.addresses
                users = {"u-boss": BOSS, user.id: user}
                administrators = [users[each.user_id] for each in record.main_administrators]
                to = recipient_of(user, record, administrators, policy.recipient)
                if isinstance(to, Refused):
                    return to
                if refusal := judge_send(user, policy, standing.now):
                    return refusal
                digest = code_digest(SECRET, bound_to(sign_in, record.structure, str(CLIENT)), CODE)
                code = SentCode(digest, standing.now, str(CLIENT), record.structure, to.validator)
                sign_in, owed = evolve(sign_in, code=code), f"address code, {to.validator.value}"
            case SecondFactorCode():
                owed = "second factor"
            case Enrolment():
                sign_in, owed = evolve(sign_in, seed=NewSeed(Secret("sealed"), Algorithm.SHA1)), "enrolment"
            case NewPassword(because=because):
                owed = f"new password, {because.value}"
        self.sign_in = evolve(sign_in, token=token_digest(TokenPurpose.SIGN_IN, sign_in.id, SECRET))
        self.step = step
        return Asked(owed)

    def told(self, tried: Tried) -> Answer:
        """Return it in the table's words."""
        charges = {"address": tried.address, "account": tried.account, "codes": tried.codes, "hash": tried.hash}
        return in_words(tried.outcome, charges, self.sign_in)


def _with_place(row: Row, user: User, place: Place, now: datetime) -> tuple[User, Place]:
    assert place.home is not None
    changed, home = changed_meanwhile(row, user, place.home)
    entity = home if place.entity == place.home and isinstance(home, Entity) else place.entity  # one record
    return changed, evolve(place, home=home, entity=entity, now=now)
