"""A link's token opens that link alone: one purpose, entity, customer, resource, recipient, granter, and how often (A23)."""

import hashlib
from itertools import product
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mydso_access.decisions.administration import System
from mydso_access.decisions.changes import Changed
from mydso_access.decisions.links import Expected, issued, judge_own, judge_token, renewed, used
from mydso_access.decisions.outcomes import Refused
from mydso_access.decisions.tokens import GivenToken, TokenPurpose, opens, token_digest
from mydso_access.errors import InvalidValue
from mydso_access.model import Link, LinkPurpose, LinkTarget, Reason, Secret
from tests.decisions.linking import TOKEN, grant, link
from tests.decisions.people import NOON, TICK, anna, facts_of, proven, refused

DEAD = Refused(Reason.DEAD_TOKEN, "A23")
PARTS = ("entity", "customer", "resource", "recipient")


def anything(purpose: LinkPurpose = LinkPurpose.EXTERNAL_EMAIL) -> Expected:
    return Expected(purpose=purpose)


@pytest.mark.parametrize("purpose", LinkPurpose)
@pytest.mark.parametrize("single_use", [False, True])
def test_a_token_opens_the_link_that_it_was_issued_for(purpose: LinkPurpose, single_use: bool) -> None:
    found = link(purpose, single_use=single_use)
    assert found == judge_token(found, TOKEN, anything(purpose))
    as_sent = Expected(purpose=purpose, **{part: getattr(found.target, part) for part in PARTS})
    assert found == judge_token(found, TOKEN, as_sent)


def changed(record: Link, what: str) -> Link:
    """Return the record with one of the things that its token is bound to changed."""
    match what:
        case "id":
            return attrs.evolve(record, id="link-2")
        case "granter":
            return attrs.evolve(record, granter="u-eve")
        case "single_use":
            return attrs.evolve(record, single_use=not record.single_use)
        case "purpose":
            others = [each for each in LinkPurpose if each is not record.target.purpose]
            return attrs.evolve(record, target=attrs.evolve(record.target, purpose=others[0]))
        case _:
            another: dict[str, Any] = {what: "another"}
            return attrs.evolve(record, target=attrs.evolve(record.target, **another))


@pytest.mark.parametrize("what", [*PARTS, "purpose", "granter", "single_use"])
@pytest.mark.parametrize("single_use", [False, True])
@pytest.mark.parametrize("purpose", LinkPurpose)
def test_whatever_it_is_bound_to_is_changed_in_the_record_its_token_is_dead(
    what: str, single_use: bool, purpose: LinkPurpose
) -> None:
    tampered = changed(link(purpose, single_use=single_use), what)
    for expected in LinkPurpose:
        assert DEAD == judge_token(tampered, TOKEN, anything(expected))


def test_a_token_opens_no_other_row_even_one_that_holds_its_digest() -> None:
    other = GivenToken("link-2", TOKEN.secret)
    assert DEAD == judge_token(changed(link(), "id"), other, anything())
    assert DEAD == judge_token(link(), other, anything())


@pytest.mark.parametrize(("issued_for", "shown"), list(product(LinkPurpose, repeat=2)))
def test_a_link_of_one_purpose_opens_no_others(issued_for: LinkPurpose, shown: LinkPurpose) -> None:
    found = link(issued_for)
    assert (found if issued_for is shown else DEAD) == judge_token(found, TOKEN, anything(shown))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("other", ["", "another", "LYON", " lyon"])
def test_a_link_opens_nothing_that_it_was_not_issued_for(part: str, other: str) -> None:
    found, purpose = link(), LinkPurpose.EXTERNAL_EMAIL
    assert DEAD == judge_token(found, TOKEN, Expected(purpose=purpose, **{part: other}))
    assert found == judge_token(found, TOKEN, Expected(purpose=purpose, **{part: getattr(found.target, part)}))


def test_what_is_no_token_or_no_link_is_dead_in_the_same_words() -> None:
    wrong = [None, GivenToken("link-1", Secret("guessed")), GivenToken("", Secret(""))]
    for record, given_token in product([None, link()], wrong):
        assert DEAD == judge_token(record, given_token, anything())
    assert DEAD == judge_token(None, TOKEN, anything())


def test_a_renewed_link_is_opened_by_its_new_token_alone() -> None:
    second = GivenToken("link-1", Secret("another-secret"))
    change = renewed(link(), second, grant(now=NOON + TICK))
    assert isinstance(change, Changed)
    again = change.record
    assert DEAD == judge_token(again, TOKEN, anything())
    assert again == judge_token(again, second, anything())


def test_a_used_link_keeps_its_token_so_that_its_bearer_reads_what_became_of_it() -> None:
    opened = used(link(single_use=True), NOON).record
    assert opened == judge_token(opened, TOKEN, anything())


@pytest.mark.parametrize("wrong", [None, "EXTERNAL_EMAIL", "external interactive e-mail", 1], ids=repr)
def test_what_is_no_purpose_is_misuse(wrong: Any) -> None:
    with pytest.raises(InvalidValue) as refused:
        Expected(purpose=wrong)
    assert "purpose" == refused.value.field


def test_only_a_digest_is_stored_and_neither_it_nor_the_id_opens_anything() -> None:
    found = link()
    assert "c4nary" not in f"{found} {found.digest.reveal()}"
    for secret in (found.digest, Secret(found.id), Secret("")):
        assert DEAD == judge_token(found, GivenToken(found.id, secret), anything())


# --- no two of what a token is bound to run together

texts = st.text(alphabet="a:0\0é", min_size=1, max_size=4)
targets = st.builds(
    LinkTarget, purpose=st.sampled_from(LinkPurpose), entity=texts, customer=texts, resource=texts, recipient=texts
)
bindings = st.tuples(targets, texts, st.booleans())


def digest_of(binding: tuple[LinkTarget, str, bool]) -> Secret[str]:
    aim, granter, single_use = binding
    return issued(aim, TOKEN, grant(granter=anna(id=granter)), single_use=single_use).digest


@given(bindings, bindings)
def test_no_two_bindings_share_a_digest_however_they_run_together(
    one: tuple[LinkTarget, str, bool], other: tuple[LinkTarget, str, bool]
) -> None:
    assert (one == other) is (digest_of(one).reveal() == digest_of(other).reveal())


@given(bindings, st.data())
def test_no_digest_is_shared_where_text_moves_from_one_part_to_the_next(
    binding: tuple[LinkTarget, str, bool], data: st.DataObject
) -> None:
    aim, granter, single_use = binding
    one, other = data.draw(st.permutations(PARTS))[:2]
    cut = data.draw(st.integers(0, len(getattr(aim, one)) - 1))
    text = getattr(aim, one)
    moved = {one: text[:cut] or "a", other: text[cut:] + getattr(aim, other)}
    there = attrs.evolve(aim, **moved)
    assert digest_of(binding).reveal() != digest_of((there, granter, single_use)).reveal()


bound = st.lists(texts | st.just(""), max_size=4)


@given(bound, bound)
def test_a_token_of_any_kind_is_good_only_for_what_it_is_bound_to(one: list[str], other: list[str]) -> None:
    kept = token_digest(TokenPurpose.LINK, TOKEN.record_id, TOKEN.secret, *one)
    assert (one == other) is opens(TOKEN, TokenPurpose.LINK, kept, *other)


def test_tokens_that_are_bound_to_nothing_more_are_what_they_were() -> None:
    unbound = token_digest(TokenPurpose.RESET, "u-1", Secret("s"))
    assert hashlib.sha256(b"5:reset\x003:u-1\x001:s").hexdigest() == unbound.reveal()
    assert unbound.reveal() != token_digest(TokenPurpose.RESET, "u-1", Secret("s"), "").reveal()


# --- whose link it is


def test_a23_a_link_is_its_granters_to_change_and_the_systems() -> None:
    mine, ben = link(), anna(id="u-ben")
    assert [None, None] == [judge_own(each, mine) for each in (proven(anna()), facts_of(System("host")))]
    assert refused(Reason.NOT_ALLOWED, "A23", ben) == judge_own(proven(ben), mine)


def test_d12_a_proof_that_does_not_stand_changes_no_link() -> None:
    over = anna(valid_from=NOON + TICK)
    assert refused(Reason.OUTDATED_PROOF, "D12", over) == judge_own(proven(over), link())
