"""Numbers that are nobody's to set: they guard the library itself, whatever the policy says."""

from datetime import UTC, datetime, timedelta

# Code points of a password that is looked at at all, measured before normalising: NFC of hostile combining marks is
# quadratic. Four times the largest `passwords.max_length`, since NFC shortens by at most four.
PASSWORD_LENGTH_CAP = 1024

# Argon2: KiB × passes that a stored hash may ask for. A row edited to `t=2**32-1` must not stop the server.
HASH_WORK_CAP = 4 * 1024 * 1024
HASH_MEMORY_CAP = 2 * 1024 * 1024
# OWASP's floor for Argon2id (ASVS 5.0, 11.4.2).
HASH_MEMORY_FLOOR = 19 * 1024
HASH_TIME_FLOOR = 2

# The earliest and the latest instant that a clock may show: every sum with a setting stays inside datetime's range.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)

# Two saves of one record never bear the same instant.
TICK = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)

# A 6to4 site owns a /48 (RFC 3056), whatever prefix other IPv6 addresses are counted by.
SIX_TO_FOUR_PREFIX = 48

# What a busy answer says of when to come again.
RETRY_AFTER = timedelta(seconds=1)

# Pauses between two tries of one compare-and-set: they double from the first to the last, with full jitter.
FIRST_PAUSE = timedelta(milliseconds=2)
LAST_PAUSE = timedelta(milliseconds=250)

# Sizes of what Argon2 writes, and of what a stored hash may hold.
HASH_SALT_BYTES = 16
HASH_TAG_BYTES = 32
HASH_LANES_CAP = 64
STORED_SALT_BYTES = range(8, 65)
STORED_TAG_BYTES = range(16, 65)

# A record's first version, and how much a version grows by at each save, are drawn from so many bits: two thousand
# million saves of one record still fit the 63 bits of a database's integer.
FIRST_VERSION_BITS = 62
NEXT_VERSION_BITS = 32

# Keys that one SQL statement names: below every database's cap on parameters.
KEYS_AT_ONCE = 500

# How long a save waits for somebody else's lock on its row, where the database would wait for ever.
LOCK_WAIT = timedelta(seconds=2)

# How often a save is tried again at once when the database took it back to end a deadlock, before it is `Stale`.
DEADLOCKS_BORNE = 8

# Records that a purge forgets at a time, and how long it goes on.
PURGED_AT_ONCE = 500
PURGE_PATIENCE = timedelta(minutes=10)

# A store that forgets by itself keeps a record so much longer than it must: clocks differ, and a client that lost the
# answer to a save sends it again, and must find what it wrote. The longest lease, after which nobody asks any more.
KEPT_LONGER = timedelta(minutes=1)

# Letters that a name must have to count as one around a user, and letters that a password must have besides such names.
LEAST_WORD = 4
LEAST_OF_ITS_OWN = 4
# Digits that people add to a password which ends in digits already.
MOST_ADDED = 4

# RFC 5321: a path is at most 256 octets, with its two brackets.
EMAIL_LENGTH_CAP = 254
# ITU-T E.164: at most fifteen digits, the country's code among them.
MOBILE_DIGITS = range(7, 16)
# A longer text is no token of ours.
TOKEN_LENGTH_CAP = 2048

# How much earlier than the same day of an earlier month an instant may lie whose months are clamped: 31 January and
# 28 February. A microsecond more, as queries look before an instant.
LONGEST_CLAMP = timedelta(days=3, microseconds=1)

# How many days before a login lapses or goes dormant its user is warned.
NOTICE_DAYS = (14, 7, 1)

# Hexadecimal digits of what a form says of the record it was made of: 128 bits.
MARK_LENGTH = 32

# How many records a list or a sweep asks for at a time at most, and how many a list shows if nobody says.
PAGE = 500
PAGE_SHOWN = 50

# How far a forecast looks at most, in days.
FORECAST_DAYS = 366

# How long what people call a user or a structure may be, in code points.
NAME_CAP = 254

# RFC 6238: digits and period of a time-based code; RFC 4226, section 4, R6: 160 bits of seed.
CODE_DIGITS = 6
TOTP_PERIOD = timedelta(seconds=30)
SEED_BYTES = 20

# Letters of a recovery code, five bits each, after its place.
RECOVERY_LETTERS = 12
RECOVERY_GROUP = 4

# Characters of one list of networks, some five hundred of them, and how many lists are kept read.
LIST_LENGTH_CAP = 10_000
CACHED_LISTS = 1024
# How many effective policies are kept once joined: one or two for each entity in use.
CACHED_POLICIES = 1024

# Pixels of one dot of a QR code.
QR_SCALE = 4

# How many approved addresses one record remembers; the one that was approved first is forgotten for the next.
APPROVED_CAP = 200

# How much longer than it counts an assertion is remembered, so that a clock which goes back revives none.
ASSERTION_KEPT = timedelta(days=1)

# How many bytes of what people call a user lists are ordered by.
LISTED_BYTES = 32

# Code points of what a link is bound to, each: ids of the host's, or an e-mail address.
LINK_TEXT_CAP = 1024
# How long a dead link is remembered, so that whoever follows it still reads that it is too old.
DEAD_LINKS_KEPT = timedelta(days=30)
# Links that one statement stores.
LINKS_AT_ONCE = 1000

# Code points of a customer's id that a database can look for in the host's own tables.
CUSTOMER_ID_CAP = 255
