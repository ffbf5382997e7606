"""Ends sessions that are over, before any view runs and outside of its transaction."""

from collections.abc import Callable
from functools import cache, partial

from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse

from mydso_access import Proof, UnreadableRecord, is_session_current
from mydso_access.adapters.codec import read

from .backend import PROOF
from .door import door, repositories


class AccessMiddleware:
    """Gives each request `access` (the door), `proof` (`None` without a session) and `permissions(entity)`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the user's record, once for each request."""
        try:
            proof = read(Proof, request.session.get(PROOF, ""))
        except UnreadableRecord:  # there is none, or it is of another version of the library
            proof = None
        user = repositories().users.get(proof.user_id) if proof else None
        if proof and not (user and is_session_current(user, proof.issued_at)):
            proof = None
        if proof is None and SESSION_KEY in request.session:  # also one that Django began without the library
            logout(request)
        request.access, request.proof = door(), proof  # type: ignore[attr-defined]
        request.permissions = cache(partial(door().permissions, proof)) if proof else None  # type: ignore[attr-defined]
        return self.get_response(request)
