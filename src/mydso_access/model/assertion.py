"""What a provider of single sign-on said of somebody, and the record that it was said to us once (S35; D9)."""

from datetime import datetime

from attrs import field, frozen

from mydso_access.errors import InvalidValue, shown
from mydso_access.model.instant import utc, utc_or_none
from mydso_access.model.user import SsoIdentity
from mydso_access.policy.fixed import EARLIEST


@frozen(kw_only=True)
class VerifiedAssertion:
    """An assertion whose signature, audience and recipient the host's OIDC or SAML library has verified.

    Attributes:
        issuer: the provider: `iss`, the entity id.
        subject: the provider's own id of the person: `sub`, a persistent `NameID`; never an e-mail address.
        id: the assertion's own id: `jti` or `nonce` of an ID token, `ID` of a SAML assertion.
        instant: when the provider made it: `iat`, `IssueInstant`. One without is refused.
        context: what the provider says of how: the values of `acr` and `amr`, the `AuthnContextClassRef`.
        authenticated_at: when the person last proved themselves to it, if it says so: `auth_time`, `AuthnInstant`. A
            session begun by an older one is not fresh (ASVS 5.0, 7.6.1).

    Raises:
        InvalidValue: a field has the wrong type, or is empty.
    """

    issuer: str
    subject: str
    id: str
    instant: datetime | None = field(converter=utc_or_none)
    context: frozenset[str] = frozenset()
    authenticated_at: datetime | None = field(default=None, converter=utc_or_none)

    def __attrs_post_init__(self) -> None:
        for name in ("issuer", "subject", "id"):
            value = getattr(self, name)
            if type(value) is not str or not value:
                raise InvalidValue(name, shown(value), "text")
        if type(self.context) is not frozenset or not all(type(each) is str for each in self.context):
            raise InvalidValue("context", shown(self.context), "a frozenset of texts")

    @property
    def identity(self) -> SsoIdentity:
        """Who it is about."""
        return SsoIdentity(self.issuer, self.subject)


@frozen(kw_only=True)
class Assertion:
    """The record of an assertion that was taken.

    Attributes:
        key: a digest of its issuer and id.
        expires_at: from when on it may be forgotten.
        saved_at: when it was taken; a store that forgets by itself keeps it for the time between the two.
    """

    key: str
    expires_at: datetime = field(converter=utc)
    saved_at: datetime = field(default=EARLIEST, converter=utc)
