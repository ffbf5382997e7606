"""A scope as a SQL condition on the host's own tables: in lists, counts, exports and joins the same rows as `can_see`."""

from functools import cache
from typing import Any, TypeAlias, assert_never, cast
from uuid import UUID

from attrs import field, frozen
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Enum,
    Integer,
    ScalarSelect,
    SQLColumnExpression,
    String,
    Uuid,
    and_,
    false,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.mysql import SET

from mydso_access.adapters.sqlalchemy.exactly import Beyond, IsAmong, IsExactly
from mydso_access.adapters.sqlalchemy.tables import TABLES, Tables, findable, number_of, row_key, structure_key
from mydso_access.decisions.visibility import SCOPES, AssociatedWith, Everything, ManagedBy, Nothing, Scope
from mydso_access.errors import InvalidValue, shown
from mydso_access.model.structure import Structure

Column: TypeAlias = SQLColumnExpression[Any]
Condition: TypeAlias = ColumnElement[bool]
Kind: TypeAlias = type[String] | type[Integer] | type[Uuid[Any]]
Pairs: TypeAlias = tuple[Any, ...]  # column, id, column, id
KINDS: tuple[Kind, ...] = (String, Integer, Uuid)
TEXT, BEYOND_ASCII, NUMBER = String(), Beyond(), BigInteger()


@frozen
class OnlyEntity:
    """Says that a table holds one entity's rows, and so has no column for it.

    Attributes:
        id: id of that entity.
    """

    id: str


@frozen
class UniqueIds:
    """Says that no two entities have a customer of the same id, so that a table of associations needs no entity."""


@frozen(eq=False, kw_only=True)
class OwnColleagues:
    """The host's own table of who is associated with which customer.

    Attributes:
        customer: its column with what `id` of the customers' table holds.
        user: its column with the user's id.
        entity: its column with the entity's id; or, said by name, `OnlyEntity(...)` or `UniqueIds()`.

    Raises:
        InvalidValue: one of them is none of those.
    """

    customer: Column
    user: Column
    entity: Column | OnlyEntity | UniqueIds
    _found: ScalarSelect[Any] = field(init=False, repr=False)  # made once: making it takes as long as searching

    @_found.default
    def _find(self) -> ScalarSelect[Any]:
        columns = {"customer": self.customer, "user": self.user}
        if not isinstance(self.entity, OnlyEntity | UniqueIds):
            columns["entity"] = self.entity
        for name, column in columns.items():
            _kind_of(column, f"own.colleagues.{name}")
        found = select(*columns.values())
        if len(found.get_final_froms()) != 1:
            raise InvalidValue("own.colleagues", "columns of several tables", "columns of one table")
        return found.correlate(None).scalar_subquery()


@frozen(eq=False, kw_only=True)
class OwnColumns:
    """The host's own columns for collector and colleagues, where it does not use the library's associations.

    Attributes:
        collector: the column, in the customers' table, with the collector's id.
        colleagues: the table of colleagues.

    Raises:
        InvalidValue: one of them is none of those.
    """

    collector: Column
    colleagues: OwnColleagues

    def __attrs_post_init__(self) -> None:
        _kind_of(self.collector, "own.collector")
        if type(self.colleagues) is not OwnColleagues:
            raise InvalidValue("own.colleagues", shown(type(self.colleagues)), "OwnColleagues(...)")


def visible(
    scope: Scope,
    *,
    id: Column,  # noqa: A002  # the host's column of that name
    entity: Column | OnlyEntity,
    own: OwnColumns | None = None,
    tables: Tables = TABLES,
) -> Condition:
    """Return the condition that a row of the host's customers lies in a scope: `select(...).where(visible(scope, ...))`.

    Columns hold text, whole numbers or UUIDs, and are compared exactly with what the library calls the same: whatever a
    collation holds to be equal, and with no number but the one that an id spells. Where a database gives back no
    trailing blanks of `CHAR(n)`, an id has none. All columns given are of one row: of one table, or of tables that the
    statement joins.

    A column with a collation of its own says so, as reflected tables do: `Column("id", String(64, collation="NOCASE"))`.
    Else SQLite does not use its index, and MariaDB refuses to compare it with the library's ("Illegal mix of
    collations"); nothing is shown that should not be.

    Args:
        scope: what `visibility` said, or `permissions(...).scope`.
        id: the column with the customer's id; UUIDs only with `own`.
        entity: the column with the entity's id; or, said by name, `OnlyEntity(...)`.
        own: the host's own columns for collector and colleagues; `None`: the library's associations, in this database.
        tables: what `attach_tables` returned, if the library's tables are not named as usual.

    Raises:
        InvalidValue: an argument is none of those, or a column is of another alias of the customers' table; nothing is
            ever shown because something was not understood.
    """
    numbers = _check(scope, id, own) is Integer
    for name, column in (("entity", entity), ("own.collector", None if own is None else own.collector)):
        _check_row(id, column, name)
    here = _pair(entity, scope.entity, "entity")
    if here is None:
        return false()
    match scope:
        case Everything():
            return _is(here)
        case ManagedBy() if own is not None:
            return _is(here, _pair(own.collector, scope.user_id, "own.collector"))  # S29
        case AssociatedWith() if own is not None:
            return _theirs(scope, id, own.colleagues, here)  # S30 S31 S32
        case ManagedBy() | AssociatedWith():
            how = "collects" if isinstance(scope, ManagedBy) else "is_colleague"
            return IsAmong(id, _associates(tables, how, numbers=numbers), *_keys(scope), *here)  # S29 S30 S31 S32
        case Nothing():
            return and_(_is(here), false())
        case _ as never:
            assert_never(never)


@cache
def _associates(tables: Tables, how: str, *, numbers: bool) -> ScalarSelect[Any]:
    """Return the library's associations of one kind, with the customers' ids as the host's column spells them."""
    columns = tables.associates.c
    spelled = columns.customer_number if numbers else columns.customer_id
    # Never correlated: a query that reads the same table beside it would take away what it looks for.
    found = select(spelled, columns.entity_key, columns.user_key).where(columns[how] == literal_column("1"))
    return found.correlate(None).scalar_subquery()


def _keys(scope: ManagedBy | AssociatedWith) -> Pairs:
    entity_key, user_key = structure_key(Structure.entity(scope.entity)), row_key("user", scope.user_id)
    return _value(entity_key), _value(user_key)


def _theirs(scope: AssociatedWith, customer: Column, colleagues: OwnColleagues, here: Pairs) -> Condition:
    pairs = [_pair(colleagues.user, scope.user_id, "own.colleagues.user")]
    if not isinstance(colleagues.entity, UniqueIds):
        pairs.append(_pair(colleagues.entity, scope.entity, "own.colleagues.entity"))
    wanted = [pair[1:] for pair in pairs if pair is not None]
    if len(wanted) < len(pairs):
        return false()
    return IsAmong(customer, colleagues._found, *(value for each in wanted for value in each), *here)  # noqa: SLF001  # made once, in this file


def _is(*pairs: Pairs | None) -> Condition:
    """Return the condition that columns hold exactly what each is to hold."""
    known = [pair for pair in pairs if pair is not None]
    if len(known) < len(pairs):
        return false()
    clauses = [clause for pair in known for clause in pair]
    return IsExactly(*clauses) if clauses else true()


def _pair(column: Column | OnlyEntity, wanted: str, name: str) -> Pairs | None:
    """Return a column and the id that it is to hold, as it spells it; `()` if it always does, `None` if it never can."""
    if isinstance(column, OnlyEntity):
        return () if column.id == wanted else None
    kind = _kind_of(column, name)
    if kind is Integer:  # as a number of 64 bits: a column of 32 fails to be asked for more
        number = number_of(wanted)
        return None if number is None else (column, _value(number, NUMBER))
    if kind is Uuid:
        found, held = _uuid(wanted), cast("Any", column).type
        return None if found is None else (column, _value(found if held.as_uuid else wanted, held))
    if findable(wanted) is None:
        return None
    return column, _value(wanted, TEXT if wanted.isascii() else BEYOND_ASCII)


def _value(value: object, held: Any = TEXT) -> BindParameter[Any]:
    return BindParameter(None, value, held, unique=True)


def _uuid(wanted: str) -> UUID | None:
    try:
        found = UUID(wanted)
    except ValueError:
        return None
    return found if str(found) == wanted else None


def _check(scope: Scope, customer: Column, own: OwnColumns | None) -> Kind:
    """Refuse what is not understood, whatever the scope is: not only once a collector asks. Return what `id` holds."""
    if type(scope) not in SCOPES:
        raise InvalidValue("scope", shown(type(scope)), "a Scope: permissions(...).scope, or what `visibility` returns")
    kind = _kind_of(customer, "id")
    if own is None:
        if kind is Uuid:
            raise InvalidValue("id", "Uuid", "text or whole numbers, as the library keeps ids; or own=OwnColumns(...)")
        return kind
    if type(own) is not OwnColumns:
        raise InvalidValue("own", shown(type(own)), "OwnColumns(collector=..., colleagues=OwnColleagues(...))")
    other = _kind_of(own.colleagues.customer, "own.colleagues.customer")
    if other is not kind:  # a database that converts one to the other takes '007' for 7
        raise InvalidValue("own.colleagues.customer", other.__name__, f"{kind.__name__}, as `id` is")
    return kind


def _check_row(customer: Column, column: Any, name: str) -> None:
    """Refuse a column of another alias of the customers' table: what it holds is about another row."""
    tables = [getattr(each, "table", None) for each in (customer, column)]
    one, other = (getattr(table, "element", table) for table in tables)
    if None not in tables and one == other and tables[0] != tables[1]:
        raise InvalidValue(name, "a column of another alias", "a column of the row that `id` is of")


def _kind_of(column: Any, name: str) -> Kind:
    """Return what a column holds.

    Raises:
        InvalidValue: it is no column, or holds something that is not compared as ids are.
    """
    expected = "a column of text, whole numbers or UUIDs; another that holds text: type_coerce(column, String())"
    if not isinstance(column, SQLColumnExpression):
        raise InvalidValue(name, shown(type(column)), expected)
    held: Any = getattr(column, "type", None)
    # What a type of the host's own makes of a value, and so what a row is to the host, nobody knows here.
    known = type(held).__module__.startswith("sqlalchemy.") and not isinstance(held, Enum | SET)
    found = next((kind for kind in KINDS if known and isinstance(held, kind)), None)
    if found is None:
        raise InvalidValue(name, shown(type(held)), expected)
    return found
