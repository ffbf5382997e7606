"""The console's own tables, in the same database as the library's."""

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

# What a browser's session holds, sealed by its id; of the id only a digest is kept: a stolen database signs nobody in.
SESSIONS = Table(
    "console_sessions",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

# Forms that were acted on and must not be twice, by the id that the page drew.
FORMS = Table(
    "console_forms",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)

# What was handed over to be sent. A real application has a queue here; the demonstration shows it to everybody.
MAILBOX = Table(
    "console_mailbox",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("channel", String(8), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("subject", String(400), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

CUSTOMERS = Table(
    "console_customers",
    METADATA,
    Column("entity_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("town", String(60), nullable=False),
    Column("balance", Integer, nullable=False),  # in cents
    Column("overdue", Integer, nullable=False),  # in cents
    Column("days_late", Integer, nullable=False),
    Index("console_customers_by_name", "entity_id", "name"),
)
