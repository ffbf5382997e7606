"""The contract of a repository of half-finished sign-ins."""

from datetime import datetime

from mydso_access.model.sign_in import SignIn
from mydso_access.ports import MaybeAwaitable
from mydso_access.repositories import Repositories
from mydso_access.testing.conformance.lookalikes import ID_LENGTH, lookalikes
from mydso_access.testing.conformance.purging import PassingRecordContract
from mydso_access.testing.conformance.records import dated_sign_in, every_sign_in, numbered_sign_in, sign_in
from mydso_access.testing.conformance.saving import Shelf


class SignInContract(PassingRecordContract[SignIn]):
    """What a sign-in repository promises. The fixture `repositories` gives an object with empty `sign_ins`."""

    def shelf(self, repositories: Repositories) -> Shelf[SignIn]:
        """Return how sign-ins are made, loaded and saved."""
        sign_ins = repositories.sign_ins
        return Shelf(
            get=lambda record: sign_ins.get(record.id),
            save=sign_ins.save,
            new=lambda number: sign_in(f"sign-in-{number}"),
            changed=numbered_sign_in,
            dated=dated_sign_in,
            every=every_sign_in(),
            alike=[sign_in(text) for text in lookalikes(ID_LENGTH)],
        )

    def purge(self, repositories: Repositories, instant: datetime, limit: int) -> MaybeAwaitable[int]:
        """Forget expired sign-ins."""
        return repositories.sign_ins.purge(instant, limit=limit)

    def ending(self, number: int, instant: datetime) -> SignIn:
        """Return a sign-in that expires at an instant."""
        return sign_in(f"sign-in-{number}", expires_at=instant)
