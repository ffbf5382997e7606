"""Stores that take different keys for the same."""

import unicodedata
from collections.abc import Callable

from attrs import evolve

from mydso_access.adapters.memory import MemoryCounters, MemoryEvents, MemorySignIns, MemoryUsers
from mydso_access.errors import Stale, Taken
from mydso_access.model import AttemptCounter, CounterKey, Event, KeyKind, SignIn, User
from mydso_access.model.event import EventQuery
from tests.testing.broken.under_test import counters, events, sign_ins, users

FOLDS: dict[str, Callable[[str], str]] = {
    "Case": str.lower,
    "TrailingBlanks": str.rstrip,
    "Accents": lambda text: "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)),
    "NormalForm": lambda text: unicodedata.normalize("NFC", text),
    "Width": lambda text: text.translate({0xFF41: "a", 0xFF11: "1"}),
    "SharpS": lambda text: text.replace("ß", "ss"),
    "DotlessI": lambda text: text.replace("ı", "i"),
    "FinalSigma": lambda text: text.replace("ς", "σ"),
    "Invisible": lambda text: "".join(c for c in text if unicodedata.category(c) != "Cf"),
    "Emoji": lambda text: "".join("?" if ord(c) > 0xFFFF else c for c in text),
    "Numbers": lambda text: str(float(text)) if text.replace(".", "").replace("e", "").isdigit() else text,
    "Quotes": lambda text: text.replace("''", "'"),
    "Backslashes": lambda text: text.replace("\\\\", "\\"),
    "Separators": lambda text: text.split(":")[0],
    "Short": lambda text: text[:63],
    "LongAscii": lambda text: text[:254],
    "Bytes": lambda text: text.encode()[:255].decode(errors="ignore"),
}


class LooseUsers(MemoryUsers):
    """Finds users by a folded id."""

    fold = staticmethod(str.casefold)

    def get(self, user_id: str, /) -> User | None:
        wanted = self.fold(user_id)
        return next((each for each in list(self._by_id.values()) if self.fold(each.id) == wanted), None)

    def save(self, user: User, event: Event, /) -> int:
        found = self.get(user.id)
        if found is not None and found.id != user.id:
            raise Stale
        return super().save(user, event)


class LooseNames(MemoryUsers):
    """Finds users by a folded name."""

    fold = staticmethod(str.casefold)

    def named(self, name: str, /) -> User | None:
        named = [each for each in list(self._by_id.values()) if each.name is not None]
        return next((each for each in named if self.fold(each.name or "") == self.fold(name)), None)

    def save(self, user: User, event: Event, /) -> int:
        found = None if user.name is None else self.named(user.name)
        if found is not None and found.id != user.id:
            raise Taken("name")
        return super().save(user, event)


class LooseSignIns(MemorySignIns):
    fold = staticmethod(str.casefold)

    def get(self, sign_in_id: str, /) -> SignIn | None:
        return super().get(self.fold(sign_in_id))

    def save(self, sign_in: SignIn, /) -> int:
        return super().save(evolve(sign_in, id=self.fold(sign_in.id)))


class LooseSubjects(MemoryEvents):
    fold = staticmethod(str.casefold)

    def page(self, query: EventQuery, /, after: Event | None, limit: int) -> tuple[Event, ...]:
        found = super().page(evolve(query, subject=None), after, 10_000)
        if query.subject is not None:
            wanted = self.fold(query.subject)
            found = tuple(each for each in found if each.subject is not None and self.fold(each.subject) == wanted)
        return found[:limit]


for name, fold in FOLDS.items():
    own = {"fold": staticmethod(fold)}
    merged = "test_keys_that_a_loose_comparison_merges_are_different_records"
    users(merged)(type(f"LooseIds{name}", (LooseUsers,), own))
    sign_ins(merged)(type(f"LooseSignIns{name}", (LooseSignIns,), own))
    if name != "LongAscii":  # no name is so long
        merged = "test_names_that_a_loose_comparison_merges_are_different_names"
        users(merged)(type(f"LooseNames{name}", (LooseNames,), own))
    if name != "Invisible":  # they are escaped
        merged = "test_subjects_that_a_loose_comparison_merges_are_different_subjects"
        events(merged)(type(f"LooseSubjects{name}", (LooseSubjects,), own))


@users("test_an_id_is_kept_whole_or_refused")
class CutAtNul(MemoryUsers):
    def get(self, user_id: str, /) -> User | None:
        return super().get(user_id.partition("\0")[0])

    def save(self, user: User, event: Event, /) -> int:
        return super().save(evolve(user, id=user.id.partition("\0")[0]), event)


@counters("test_counters_are_told_apart_by_the_kind_of_their_key")
class KindForgotten(MemoryCounters):
    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        return super().get(CounterKey(KeyKind.ACCOUNT, key.digest))

    def save(self, counter: AttemptCounter, /) -> int:
        return super().save(evolve(counter, key=CounterKey(KeyKind.ACCOUNT, counter.key.digest)))


@counters("test_keys_that_a_loose_comparison_merges_are_different_records")
class CutDigests(MemoryCounters):
    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        found = super().get(CounterKey(key.kind, key.digest[:32]))
        return found and evolve(found, key=key)

    def save(self, counter: AttemptCounter, /) -> int:
        return super().save(evolve(counter, key=CounterKey(counter.key.kind, counter.key.digest[:32])))
