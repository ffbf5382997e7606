"""The app: sign-ins by the library, over Django's own users."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    """The library says when somebody signed in last, and a proof comes with every sign-in."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to Django's sign-in, whichever page it comes from: ours, or the admin's."""
        from .backend import keep_proof  # noqa: PLC0415  # models want the apps to be ready

        user_logged_in.disconnect(dispatch_uid="update_last_login")
        user_logged_in.connect(keep_proof, dispatch_uid="accounts.keep_proof")
