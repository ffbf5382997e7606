"""`manage.py found`: an entity and its first main administrator, whose invitation is shown here."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.door import door
from mydso_access import Entity, NewUser, Refused, System
from mydso_access.messages import wording


class Command(BaseCommand):
    """Found the entity that the example begins with."""

    help = "Found an entity, and invite its first main administrator."

    def handle(self, *_: Any, **__: Any) -> None:
        """Found it once; a second time says that it exists."""
        boss = NewUser(email="boss@example.com", role="administrator", name="the.boss")
        founded = door().found(System("setup"), Entity(id="lyon", title="Lyon"), boss)
        if isinstance(founded, Refused):
            self.stdout.write(founded.public_message)
        for message in founded.messages:
            self.stdout.write(wording(message, link=settings.ACCESS_LINK).body)
