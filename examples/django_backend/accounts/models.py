"""Where the library's records are: beside Django's own user table, which others go on to point at.

A record is text that the library writes and reads; the columns beside it are what it is found by. Keys are digests, so
that no collation takes one for another, and of one length, whatever an id is.
"""

from django.conf import settings
from django.db import models

DIGEST = 64  # hexadecimal digits of a SHA-256
KIND = 64  # of an event


class Account(models.Model):  # noqa: DJ008  # nothing of it is for the eye: the user has a name
    """The library's record of one of Django's users. Whoever has none signs in nowhere."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT)  # forget them by `access.forget_user`
    key = models.CharField(max_length=DIGEST, unique=True)
    version = models.BigIntegerField()
    body = models.TextField()
    name = models.CharField(max_length=DIGEST, null=True, unique=True)  # noqa: DJ001  # a contact has none
    sso = models.CharField(max_length=DIGEST, null=True, unique=True)  # noqa: DJ001  # nor most of the others
    structure = models.CharField(max_length=DIGEST)
    listed_by = models.CharField(max_length=255)
    seen_at = models.BigIntegerField(null=True)
    invited_at = models.BigIntegerField(null=True)

    class Meta:
        """Lists, and who is due, are read from an index."""

        indexes = (
            models.Index(fields=["structure", "listed_by", "key"], name="accounts_by_listed_by"),
            models.Index(fields=["structure", "seen_at", "key"], name="accounts_by_seen_at"),
            models.Index(fields=["invited_at", "key"], name="accounts_by_invited_at"),
        )


class Membership(models.Model):  # noqa: DJ008
    """A multi-entity user in an entity."""

    account = models.ForeignKey(Account, models.CASCADE)
    entity = models.CharField(max_length=DIGEST)

    class Meta:
        """Nobody is in an entity twice."""

        constraints = (models.UniqueConstraint(fields=["entity", "account"], name="accounts_one_membership"),)


class Record(models.Model):  # noqa: DJ008
    """Any other record: a structure, a customer's associations, a link, a counter, a half-finished sign-in."""

    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=DIGEST)
    version = models.BigIntegerField()
    body = models.TextField()
    due = models.BigIntegerField(null=True)
    only = models.CharField(max_length=20, null=True, unique=True)  # noqa: DJ001  # of platforms there is one

    class Meta:
        """A record is found by its key, and purged when it is due."""

        constraints = (models.UniqueConstraint(fields=["kind", "key"], name="accounts_one_record"),)
        indexes = (models.Index(fields=["kind", "due"], name="accounts_by_due"),)


class Listed(models.Model):  # noqa: DJ008
    """A list that a record stands in; its place there is its key."""

    record = models.ForeignKey(Record, models.CASCADE)
    list = models.CharField(max_length=DIGEST)
    place = models.CharField(max_length=DIGEST)

    class Meta:
        """A list is read in its order."""

        constraints = (models.UniqueConstraint(fields=["list", "place"], name="accounts_one_place"),)


class Trail(models.Model):  # noqa: DJ008
    """A line of the audit trail."""

    key = models.CharField(max_length=DIGEST, unique=True)
    at = models.BigIntegerField()
    subject = models.CharField(max_length=DIGEST, null=True)  # noqa: DJ001  # many are about nobody
    actor = models.CharField(max_length=DIGEST, null=True)  # noqa: DJ001
    kind = models.CharField(max_length=KIND)
    body = models.TextField()

    class Meta:
        """The trail is read whole, by subject, by actor, and by kind."""

        indexes = (
            models.Index(fields=["at", "key"], name="accounts_by_at"),
            models.Index(fields=["subject", "at", "key"], name="accounts_by_subject"),
            models.Index(fields=["actor", "at", "key"], name="accounts_by_actor"),
            models.Index(fields=["kind", "at", "key"], name="accounts_by_kind"),
        )
