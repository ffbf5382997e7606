"""Sign-ins by the library, over Django's own users."""
