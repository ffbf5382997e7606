"""What contracts of searches among users share: people who are there, and what becomes of them."""

from attrs import evolve

from mydso_access.model.user import User
from mydso_access.repositories import Repositories
from mydso_access.testing.conformance.records import event
from mydso_access.testing.conformance.trails import TrailContract
from mydso_access.testing.conformance.user_records import told

ALL = 1000  # more users than any test makes


class PeopleContract(TrailContract):
    """A contract that fills a store with users and changes them."""

    def kept(self, repositories: Repositories, new: User) -> User:
        """Save a new user and return it as it is stored then."""
        return evolve(new, version=self.ask(repositories.users.save, new, told(new)))

    def changed(self, repositories: Repositories, record: User, event_id: str) -> User:
        """Save a user with an event of this id and return it as it is stored then."""
        return evolve(record, version=self.ask(repositories.users.save, record, event(event_id)))
