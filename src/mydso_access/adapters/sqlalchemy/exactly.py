"""Conditions that a column holds an id, and nothing that a database holds to be equal to it, found by the column's index.

Each compares twice: once as the column's index compares, which may be too lenient, and once exactly. They are elements
of their own since a clause is made for each request, and to make it of SQLAlchemy's takes as long as to search.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, String
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from mydso_access.adapters.sqlalchemy.tables import DIGEST

# What compares character by character: no collation takes `a` for `A`, or leaves out a blank.
EXACTLY = {
    "sqlite": "CAST({} AS TEXT) COLLATE BINARY",
    "postgresql": 'CAST({} AS TEXT) COLLATE "C"',
    "mysql": "CAST(CONVERT({} USING utf8mb4) AS BINARY)",
    "mariadb": "CAST(CONVERT({} USING utf8mb4) AS BINARY)",
    "default": "CAST({} AS TEXT)",  # what `str(statement)` shows, and no database runs
}
# PostgreSQL thinks that what it has no statistics of is true of one row in 200, and would join everything row by row.
ALSO = {"postgresql": "CASE WHEN {} = {} THEN TRUE ELSE FALSE END"}
AS_IT_IS = "{}"
MARIADB = ("mysql", "mariadb")
CHARSETS = {"uca1400": "utf8mb4"}  # of collations that are not named for theirs


class Beyond(String):
    """The type of an id with letters beyond ASCII, which not every column's character set has."""


class IsExactly(FunctionElement[bool]):
    """Columns hold ids. Its clauses: column, id, column, id."""

    inherit_cache: bool | None = True
    type: TypeEngine[bool] = Boolean()

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002  # as SQLAlchemy calls it
        """Return itself: it stands in brackets, and the `= 1` of some databases would hide it from their indexes."""
        return self


class IsAmong(IsExactly):
    """A column holds one of the ids found, and others hold theirs.

    Its clauses: the column; a search, whose first column is what is found; what its other columns must hold; and, as
    above, column, id, column, id.
    """

    inherit_cache: bool | None = True


class Written(FunctionElement[str]):
    """A text, written into a form. It is made while a statement is compiled, and so no part of what is cached."""

    inherit_cache: bool | None = False
    type: TypeEngine[str] = String()

    def __init__(self, form: str, text: ColumnElement[Any]) -> None:
        super().__init__(text)
        self.form = form


@compiles(IsExactly)
def _is_exactly(element: IsExactly, compiler: SQLCompiler, **options: Any) -> str:
    clauses, conditions = iter(element.clauses), []
    for column, wanted in zip(clauses, clauses, strict=True):
        held, value = compiler.process(column, **options), compiler.process(wanted, **options)
        if (native := _native(column, compiler, wanted)) is not None:
            conditions.append(f"{held} = {native.format(value)}")
        if _is_text(column):
            exactly, also = _exactly(compiler), ALSO.get(compiler.dialect.name, "{} = {}")
            conditions.append(also.format(exactly.format(held), exactly.format(value)))
    return f"({' AND '.join(conditions)})"


@compiles(IsAmong)
def _is_among(element: IsAmong, compiler: SQLCompiler, **options: Any) -> str:
    column, search, *wanted = element.clauses
    found, *others = search.element.selected_columns
    pairs = [clause for pair in zip(others, wanted[: len(others)], strict=True) for clause in pair]
    search = search.element.where(IsExactly(*pairs))
    here = [compiler.process(IsExactly(*more), **options)] if (more := wanted[len(others) :]) else []

    def having(*spelled: ColumnElement[Any]) -> str:
        return compiler.process(search.with_only_columns(*spelled).scalar_subquery(), **options)

    held = compiler.process(column, **options)
    if not _is_text(column):
        among = f"{held} IN {having(found)}"
    elif compiler.dialect.name == "sqlite":
        among = _among_on_sqlite(column, held, having(Written("CAST({} AS TEXT)", found)))
    else:
        native, exactly = Written(_native(column, compiler) or AS_IT_IS, found), _exactly(compiler)
        among = f"({held}, {exactly.format(held)}) IN {having(native, Written(exactly, found))}"
    return f"({' AND '.join([*here, among])})"


def _among_on_sqlite(column: ColumnElement[Any], held: str, found: str) -> str:
    """Return the condition that searches once: SQLite would search twice for two columns."""
    also = f"{EXACTLY['sqlite'].format(held)} IN {found}"
    if getattr(column.type, "collation", None):
        return f"{held} IN {found} AND {also}"
    # By the index of a column that says of no collation. Where a number is stored after all, `007` would be found as 7.
    return f"{held} COLLATE BINARY IN {found} AND (typeof({held}) = 'text' OR {also})"


@compiles(Written)
def _written(element: Written, compiler: SQLCompiler, **options: Any) -> str:
    return element.form.format(compiler.process(element.clauses, **options))


def _is_text(column: ColumnElement[Any]) -> bool:
    """Tell whether a database may hold a column's value to be equal to another one; digests it never mixes up."""
    return isinstance(column.type, String) and column.type is not DIGEST


def _exactly(compiler: SQLCompiler) -> str:
    if compiler.dialect.name not in EXACTLY:
        raise CompileError(f"how {compiler.dialect.name} compares text exactly is not known")
    return EXACTLY[compiler.dialect.name]


def _native(column: ColumnElement[Any], compiler: SQLCompiler, wanted: ColumnElement[Any] | None = None) -> str | None:
    """Return the form of a text that is compared as a column's own index compares; `None`: such a one may fail to be."""
    held, dialect = column.type, compiler.dialect.name
    if dialect == "postgresql" and isinstance(held, CITEXT):
        return "CAST({} AS CITEXT)"
    if dialect in MARIADB and isinstance(held, String):
        if collation := held.collation:
            quote, charset = compiler.preparer.quote, collation.partition("_")[0]
            return f"CONVERT({{}} USING {quote(CHARSETS.get(charset, charset))}) COLLATE {quote(collation)}"
        if wanted is not None and isinstance(wanted.type, Beyond):
            return None  # MariaDB does not compare what it cannot convert to a column's character set, whatever that is
    return AS_IT_IS
