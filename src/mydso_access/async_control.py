"""The door for asynchronous hosts."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from mydso_access.door import Door
from mydso_access.flows.address_codes import enter_address_code, send_address_code
from mydso_access.flows.addresses import revoke_address, revoke_shared_address
from mydso_access.flows.contact import change_email, change_mobile, confirm_email
from mydso_access.flows.customers import assign_collector, associate, dissociate
from mydso_access.flows.enrolment import begin_enrolment, confirm_second_factor
from mydso_access.flows.forgetting import forget_user
from mydso_access.flows.founding import found
from mydso_access.flows.invitations import accept_invitation, look_at_invitation, renew_invitation
from mydso_access.flows.links import issue_link, issue_links, renew_link, revoke_link
from mydso_access.flows.listing import list_customers, list_links, list_users, look_at_user, read_trail
from mydso_access.flows.main_administrators import appoint, dismiss
from mydso_access.flows.memberships import accessed, authorise, enter, withdraw
from mydso_access.flows.new_password import set_new_password
from mydso_access.flows.opened_links import look_at_link, open_link
from mydso_access.flows.password_reset import complete_password_reset, look_at_reset, request_password_reset
from mydso_access.flows.passwords import change_password, mark_compromised
from mydso_access.flows.permissions import may, permissions
from mydso_access.flows.portfolios import assign_collector_to_all, associate_with_all, import_portfolio
from mydso_access.flows.purge import purge
from mydso_access.flows.recovery import renew_recovery_codes, reset_second_factor
from mydso_access.flows.second_factor import enter_second_factor
from mydso_access.flows.settings import change_settings, describe_structure, look_at_settings
from mydso_access.flows.sign_in import sign_in
from mydso_access.flows.sso import sign_in_with_sso
from mydso_access.flows.step_up import step_up
from mydso_access.flows.sweep import forecast, list_due, sweep
from mydso_access.flows.unblocking import unblock_account, unblock_address
from mydso_access.flows.users import (
    add_user,
    change_import_flag,
    change_role,
    change_sign_in,
    disable_user,
    enable_user,
    make_active,
    make_contact,
    rename,
)
from mydso_access.installation import Installation
from mydso_access.policy.hashing import HashingPolicy
from mydso_access.ports import Bridge, Clock

P = ParamSpec("P")
T = TypeVar("T")

# A door's method is its flow: signature, docstring and all. What the decorated method says itself is only its name.


def _asynchronous(
    flow: Callable[Concatenate[Installation, P], Coroutine[Any, Any, T]],
) -> "Callable[[Any], Callable[Concatenate[AsyncAccessControl, P], Coroutine[Any, Any, T]]]":
    @wraps(flow)
    async def call(door: "AsyncAccessControl", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            running = flow(door._installation, *args, **kwargs)
        finally:
            del args, kwargs  # they hold a password, which no traceback through here may show
        return await running

    return lambda _: call


class AsyncAccessControl(Door):
    """The door for asynchronous hosts: FastAPI, Starlette, aiohttp.

    Repositories may be asynchronous or synchronous, method by method; synchronous ones run in threads.
    """

    @_asynchronous(sign_in)
    def sign_in(self) -> None: ...

    @_asynchronous(sign_in_with_sso)
    def sign_in_with_sso(self) -> None: ...

    @_asynchronous(enter_address_code)
    def enter_address_code(self) -> None: ...

    @_asynchronous(send_address_code)
    def send_address_code(self) -> None: ...

    @_asynchronous(enter_second_factor)
    def enter_second_factor(self) -> None: ...

    @_asynchronous(confirm_second_factor)
    def confirm_second_factor(self) -> None: ...

    @_asynchronous(set_new_password)
    def set_new_password(self) -> None: ...

    @_asynchronous(enter)
    def enter(self) -> None: ...

    @_asynchronous(accessed)
    def accessed(self) -> None: ...

    @_asynchronous(step_up)
    def step_up(self) -> None: ...

    @_asynchronous(change_password)
    def change_password(self) -> None: ...

    @_asynchronous(mark_compromised)
    def mark_compromised(self) -> None: ...

    @_asynchronous(begin_enrolment)
    def begin_enrolment(self) -> None: ...

    @_asynchronous(renew_recovery_codes)
    def renew_recovery_codes(self) -> None: ...

    @_asynchronous(reset_second_factor)
    def reset_second_factor(self) -> None: ...

    @_asynchronous(request_password_reset)
    def request_password_reset(self) -> None: ...

    @_asynchronous(look_at_reset)
    def look_at_reset(self) -> None: ...

    @_asynchronous(complete_password_reset)
    def complete_password_reset(self) -> None: ...

    @_asynchronous(look_at_invitation)
    def look_at_invitation(self) -> None: ...

    @_asynchronous(accept_invitation)
    def accept_invitation(self) -> None: ...

    @_asynchronous(renew_invitation)
    def renew_invitation(self) -> None: ...

    @_asynchronous(confirm_email)
    def confirm_email(self) -> None: ...

    @_asynchronous(found)
    def found(self) -> None: ...

    @_asynchronous(add_user)
    def add_user(self) -> None: ...

    @_asynchronous(change_role)
    def change_role(self) -> None: ...

    @_asynchronous(change_import_flag)
    def change_import_flag(self) -> None: ...

    @_asynchronous(rename)
    def rename(self) -> None: ...

    @_asynchronous(change_email)
    def change_email(self) -> None: ...

    @_asynchronous(change_mobile)
    def change_mobile(self) -> None: ...

    @_asynchronous(change_sign_in)
    def change_sign_in(self) -> None: ...

    @_asynchronous(make_contact)
    def make_contact(self) -> None: ...

    @_asynchronous(make_active)
    def make_active(self) -> None: ...

    @_asynchronous(disable_user)
    def disable_user(self) -> None: ...

    @_asynchronous(enable_user)
    def enable_user(self) -> None: ...

    @_asynchronous(forget_user)
    def forget_user(self) -> None: ...

    @_asynchronous(authorise)
    def authorise(self) -> None: ...

    @_asynchronous(withdraw)
    def withdraw(self) -> None: ...

    @_asynchronous(appoint)
    def appoint(self) -> None: ...

    @_asynchronous(dismiss)
    def dismiss(self) -> None: ...

    @_asynchronous(change_settings)
    def change_settings(self) -> None: ...

    @_asynchronous(look_at_settings)
    def look_at_settings(self) -> None: ...

    @_asynchronous(revoke_address)
    def revoke_address(self) -> None: ...

    @_asynchronous(revoke_shared_address)
    def revoke_shared_address(self) -> None: ...

    @_asynchronous(describe_structure)
    def describe_structure(self) -> None: ...

    @_asynchronous(associate)
    def associate(self) -> None: ...

    @_asynchronous(dissociate)
    def dissociate(self) -> None: ...

    @_asynchronous(assign_collector)
    def assign_collector(self) -> None: ...

    @_asynchronous(assign_collector_to_all)
    def assign_collector_to_all(self) -> None: ...

    @_asynchronous(associate_with_all)
    def associate_with_all(self) -> None: ...

    @_asynchronous(import_portfolio)
    def import_portfolio(self) -> None: ...

    @_asynchronous(permissions)
    def permissions(self) -> None: ...

    @_asynchronous(may)
    def may(self) -> None: ...

    @_asynchronous(issue_link)
    def issue_link(self) -> None: ...

    @_asynchronous(issue_links)
    def issue_links(self) -> None: ...

    @_asynchronous(look_at_link)
    def look_at_link(self) -> None: ...

    @_asynchronous(open_link)
    def open_link(self) -> None: ...

    @_asynchronous(renew_link)
    def renew_link(self) -> None: ...

    @_asynchronous(revoke_link)
    def revoke_link(self) -> None: ...

    @_asynchronous(unblock_account)
    def unblock_account(self) -> None: ...

    @_asynchronous(unblock_address)
    def unblock_address(self) -> None: ...

    @_asynchronous(list_users)
    def list_users(self) -> None: ...

    @_asynchronous(look_at_user)
    def look_at_user(self) -> None: ...

    @_asynchronous(list_customers)
    def list_customers(self) -> None: ...

    @_asynchronous(list_links)
    def list_links(self) -> None: ...

    @_asynchronous(read_trail)
    def read_trail(self) -> None: ...

    @_asynchronous(sweep)
    def sweep(self) -> None: ...

    @_asynchronous(forecast)
    def forecast(self) -> None: ...

    @_asynchronous(list_due)
    def list_due(self) -> None: ...

    @_asynchronous(purge)
    def purge(self) -> None: ...

    def _surroundings(self, hashing: HashingPolicy) -> tuple[Bridge, Clock]:
        from mydso_access.adapters import asynchronous  # noqa: PLC0415  # asyncio only where it is used

        bridge = asynchronous.AsynchronousBridge.with_threads(hashing.max_parallel)
        self._end = bridge.close
        return bridge, asynchronous.AsyncSystemClock()

    async def close(self) -> None:
        """Come to an end: let nobody begin, wait for attempts in flight, and end the threads that hash.

        Call it once no request is served any more. An attempt of later is `Busy`, and counts for nothing.
        """
        await self._end(self._installation.slots)
