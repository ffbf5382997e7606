"""Attempt counters, half-finished sign-ins and taken assertions in Valkey or Redis: one script compares and sets one key.

It needs the extra `redis`.

The client is the host's: redis-py or valkey-py, for one server or a cluster. Neither is imported here. What a client
raises is left as it is, and so becomes `StoreUnavailable`: also an error that says nothing was stored speaks of the last
of several tries only, since clients send a command again whose answer was lost.
"""

import hashlib
import inspect
import re
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, ClassVar, TypeVar, cast, final

from mydso_access.adapters.codec import read, written
from mydso_access.adapters.versions import next_version
from mydso_access.errors import AsynchronousStore, BrokenStore, InvalidValue, Stale, UnreadableRecord, shown
from mydso_access.model.assertion import Assertion
from mydso_access.model.attempts import AttemptCounter, CounterKey
from mydso_access.model.sign_in import SignIn
from mydso_access.policy.fixed import KEPT_LONGER, MILLISECOND

T = TypeVar("T")
Record = TypeVar("Record", AttemptCounter, SignIn)

COMPARE_AND_SET = files("mydso_access.adapters").joinpath("redis.lua").read_text("utf-8")
PREFIX = "mydso_access:"
# What `str` makes of a version: the script compares texts, so `007` would be a version that no save ever meets.
VERSION = re.compile("[1-9][0-9]{0,18}")


class _Repository:
    """What the repositories share: everything but which record it is, and whether to wait for it."""

    _writing: ClassVar[str]
    _asynchronous: ClassVar[bool]

    def __init__(self, client: Any, prefix: str = PREFIX, *, check_eviction: bool = True) -> None:
        """Keep records under a prefix. Nothing is asked of the server yet.

        Args:
            client: of redis-py or valkey-py: `Redis`, `RedisCluster`, or those of their `asyncio` for the classes named
                `Async…`; with or without `decode_responses`.
            prefix: what every key begins with, one for each installation.
            check_eviction: ask the server by `INFO memory`, before the first save, whether it forgets attempts when its
                memory is short. `False`: you vouch for `maxmemory-policy noeviction` where it may not be asked.

        Raises:
            InvalidValue: the client is none, or is asynchronous where it must not be, or the other way round; the
                prefix is no text.
        """
        call = getattr(client, "execute_command", None)
        if call is None or inspect.iscoroutinefunction(call) is not self._asynchronous:
            kind = "an asynchronous" if self._asynchronous else "a synchronous"
            raise InvalidValue("client", type(client).__qualname__, f"{kind} client of redis-py or valkey-py")
        if type(prefix) is not str:
            raise InvalidValue("prefix", shown(prefix), "text (str)")
        self._client = client
        self._prefix = prefix
        self._never_evicts = not check_eviction

    # Written once, as coroutines: with a synchronous client they never wait, so `_at_once` can run them.

    async def _loaded(self, kind: type[Record], key: str) -> Record | None:
        version, body = await self._fields(kind.__name__, key)
        if version is None and body is None:
            return None
        if version is None or not VERSION.fullmatch(version):
            raise UnreadableRecord(f"{kind.__name__}.version", shown(version), "a whole number from 1, as text")
        if body is None:
            raise UnreadableRecord(kind.__name__, "missing", "a hash with the fields version and body")
        return read(kind, body, int(version))

    async def _saved(self, record: AttemptCounter | SignIn, key: str, until: datetime | None) -> int:
        version = next_version(record.version)
        lifetime = None if until is None else until - record.saved_at
        await self._set(key, (record.version, version), written(record), lifetime)
        return version

    async def _set(self, key: str, versions: tuple[int, int], body: str, lifetime: timedelta | None) -> None:
        """Set a key whose version is the first of two to the second; one that exists is never at version 0."""
        texts = (*map(str, versions), body, secrets.token_hex(16))
        milliseconds = "" if lifetime is None else str(_milliseconds(lifetime))
        await self._check_eviction()
        if await _ask(self._client.eval, COMPARE_AND_SET, 1, key, *texts, milliseconds) != 1:
            raise Stale

    async def _fields(self, kind: str, key: str) -> tuple[str | None, str | None]:
        try:
            with suppress(UnicodeDecodeError):  # from the client or from here; it holds what is stored, so it ends here
                version, body = await _ask(self._client.hmget, key, ["version", "body"])
                return _text(version), _text(body)
        except Exception as error:
            if not _is_refusal(error) or not str(error).startswith("WRONGTYPE"):
                raise
            raise UnreadableRecord(kind, "another type of key", "a hash with the fields version and body") from error
        raise UnreadableRecord(kind, "bytes that are no text", "UTF-8")

    async def _check_eviction(self) -> None:
        """Refuse a server that makes room by forgetting attempts; ask it once."""
        if self._never_evicts:
            return
        policies = await self._policies()
        if policies != {"noeviction"}:
            found = ", ".join(sorted(policies))
            raise self._evicts(f"maxmemory-policy {found!r}: set `maxmemory-policy noeviction` on every primary")
        self._never_evicts = True

    async def _policies(self) -> set[str]:
        cluster = hasattr(self._client, "get_primaries")
        nodes = {"target_nodes": "primaries"} if cluster else {}
        try:
            memory = await _ask(self._client.info, "memory", **nodes)
        except Exception as error:
            if not _is_refusal(error):
                raise
            permit = "permit INFO to this user, or pass check_eviction=False once you know that it is noeviction"
            raise self._evicts(f"an error to INFO memory, so its maxmemory-policy is unknown: {permit}") from error
        several = cluster and "maxmemory_policy" not in memory  # a cluster of one primary answers like a single server
        return {each.get("maxmemory_policy", "unknown") for each in (memory.values() if several else [memory])}

    def _evicts(self, answer: str) -> BrokenStore:
        return BrokenStore(self._writing, answer)


class _Counters(_Repository):
    _writing = "counters.save"

    async def _get(self, key: CounterKey) -> AttemptCounter | None:
        return await self._loaded(AttemptCounter, self._key(key))

    async def _save(self, counter: AttemptCounter) -> int:
        return await self._saved(counter, self._key(counter.key), counter.idle_from)

    def _key(self, key: CounterKey) -> str:
        return f"{self._prefix}counter:{key.kind.value}:{key.digest}"


class _SignIns(_Repository):
    _writing = "sign_ins.save"

    async def _get(self, sign_in_id: str) -> SignIn | None:
        return await self._loaded(SignIn, self._key(sign_in_id))

    async def _save(self, sign_in: SignIn) -> int:
        # A used one, too, is kept until its token has expired; forgotten, it is unknown, and leads nowhere all the same.
        return await self._saved(sign_in, self._key(sign_in.id), sign_in.expires_at)

    def _key(self, sign_in_id: str) -> str:
        # Half of a token, and what a stranger sends: hashed, it shows in no MONITOR or SLOWLOG, and fits a key.
        digest = hashlib.sha256(sign_in_id.encode("utf-8", "surrogatepass")).hexdigest()
        return f"{self._prefix}sign_in:{digest}"


class _Assertions(_Repository):
    _writing = "assertions.add"

    async def _add(self, assertion: Assertion) -> None:
        # There is nothing to read: that the key exists says everything.
        await self._set(
            f"{self._prefix}assertion:{assertion.key}", (0, 1), "", assertion.expires_at - assertion.saved_at
        )


@final
class RedisCounters(_Counters):
    """Attempt counters, for a synchronous client."""

    _asynchronous = False

    def get(self, key: CounterKey, /) -> AttemptCounter | None:
        """Return the counter of this key."""
        return _at_once(self._get(key))

    def save(self, counter: AttemptCounter, /) -> int:
        """Store the counter until it is idle, or raise `Stale` and store nothing."""
        return _at_once(self._save(counter))

    def purge(self, instant: datetime, /, limit: int) -> int:  # noqa: ARG002
        """Do nothing: the server forgets by itself."""
        return 0


@final
class AsyncRedisCounters(_Counters):
    """Attempt counters, for an asynchronous client."""

    _asynchronous = True

    async def get(self, key: CounterKey, /) -> AttemptCounter | None:
        """Return the counter of this key."""
        return await self._get(key)

    async def save(self, counter: AttemptCounter, /) -> int:
        """Store the counter until it is idle, or raise `Stale` and store nothing."""
        return await self._save(counter)

    async def purge(self, instant: datetime, /, limit: int) -> int:  # noqa: ARG002
        """Do nothing: the server forgets by itself."""
        return 0


@final
class RedisSignIns(_SignIns):
    """Half-finished sign-ins, for a synchronous client."""

    _asynchronous = False

    def get(self, sign_in_id: str, /) -> SignIn | None:
        """Return the sign-in with this id."""
        return _at_once(self._get(sign_in_id))

    def save(self, sign_in: SignIn, /) -> int:
        """Store the sign-in until it expires, used or not, or raise `Stale` and store nothing."""
        return _at_once(self._save(sign_in))

    def purge(self, instant: datetime, /, limit: int) -> int:  # noqa: ARG002
        """Do nothing: the server forgets by itself."""
        return 0


@final
class AsyncRedisSignIns(_SignIns):
    """Half-finished sign-ins, for an asynchronous client."""

    _asynchronous = True

    async def get(self, sign_in_id: str, /) -> SignIn | None:
        """Return the sign-in with this id."""
        return await self._get(sign_in_id)

    async def save(self, sign_in: SignIn, /) -> int:
        """Store the sign-in until it expires, used or not, or raise `Stale` and store nothing."""
        return await self._save(sign_in)

    async def purge(self, instant: datetime, /, limit: int) -> int:  # noqa: ARG002
        """Do nothing: the server forgets by itself."""
        return 0


@final
class RedisAssertions(_Assertions):
    """Which assertions of single sign-on were taken, for a synchronous client."""

    _asynchronous = False

    def add(self, assertion: Assertion, /) -> None:
        """Store until it expires that an assertion was taken, or raise `Stale` if it was before."""
        _at_once(self._add(assertion))

    def purge(self, instant: datetime, /, limit: int) -> int:  # noqa: ARG002
        """Do nothing: the server forgets by itself."""
        return 0


@final
class AsyncRedisAssertions(_Assertions):
    """Which assertions of single sign-on were taken, for an asynchronous client."""

    _asynchronous = True

    async def add(self, assertion: Assertion, /) -> None:
        """Store until it expires that an assertion was taken, or raise `Stale` if it was before."""
        await self._add(assertion)

    async def purge(self, instant: datetime, /, limit: int) -> int:  # noqa: ARG002
        """Do nothing: the server forgets by itself."""
        return 0


async def _ask(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a client and return what it answers, awaited if it is asynchronous."""
    answer = call(*args, **kwargs)
    return await answer if inspect.isawaitable(answer) else answer


def _at_once(steps: Coroutine[Any, Any, T]) -> T:
    """Run steps that wait for nothing, since their client is synchronous."""
    try:
        steps.send(None)
    except StopIteration as end:
        return cast("T", end.value)
    steps.close()
    raise AsynchronousStore(repr(steps))


def _milliseconds(lifetime: timedelta) -> int:
    """Round up, and leave a margin: machines' clocks differ, and a save may be sent again whose answer was lost."""
    return -(-(max(lifetime, timedelta()) + KEPT_LONGER) // MILLISECOND)


def _text(stored: str | bytes | None) -> str | None:
    return stored.decode() if isinstance(stored, bytes) else stored


def _is_refusal(error: Exception) -> bool:
    """Tell whether a server answered with an error; every client library has a class of this name for it."""
    return any(kind.__name__ == "ResponseError" for kind in type(error).__mro__)
