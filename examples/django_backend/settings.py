"""The project's settings; what a host takes over is marked."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

import django

DATA = Path(os.environ.get("ACCESS_DATA", Path(__file__).parent / "data"))
DATA.mkdir(exist_ok=True)


def _kept(name: str) -> str:
    """Return a key that is drawn once; in production it comes from your secret store."""
    path = DATA / name
    if not path.exists():
        path.touch(0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()


SECRET_KEY = os.environ.get("SECRET_KEY") or _kept("secret_key")
DEBUG = os.environ.get("DEBUG") == "yes"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "app.test"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# To take over: two connections to one database. What a sign-in writes goes through `access`, and stands, whatever
# becomes of the transaction of the request.
_DATABASE = json.loads(os.environ.get("DATABASE", "null")) or {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(DATA / "db.sqlite3"),
}
if "sqlite" in _DATABASE["ENGINE"]:  # one writer at a time: say so at the beginning, and wait for one another
    _WAL = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    _OPTIONS: dict[str, Any] = {"init_command": _WAL, "transaction_mode": "IMMEDIATE"}
else:
    _OPTIONS = {"options": "-c lock_timeout=2000"}
_OPTIONS |= json.loads(os.environ.get("ACCESS_OPTIONS", "{}"))
DATABASES = {
    "default": {**_DATABASE, "ATOMIC_REQUESTS": True},
    "access": {**_DATABASE, "OPTIONS": _OPTIONS, "ATOMIC_REQUESTS": False},
}

# To take over: the library's backend and no other, and its middleware after Django's.
AUTHENTICATION_BACKENDS = ["accounts.backend.AccessBackend"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "accounts.apps.AccountsConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.AccessMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
TEMPLATES[0]["OPTIONS"] = {"context_processors": ["django.template.context_processors.request"]}

# To take over: sessions on the server, for a working day, by a cookie that only a browser's own request carries.
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
_PREFIX = "" if DEBUG else "__Host-"  # no other host of the domain can plant them; not every browser takes it of http
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_PREFIX}sessionid", f"{_PREFIX}csrftoken"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

# To take over: what the door is given, such as {"trusted_proxies": ["10.0.0.7"]}; keys of second factors; messages.
ACCESS: dict[str, Any] = {}
SEED_KEYS, SEED_KEY = {"1": bytes.fromhex(os.environ.get("SEED_KEY") or _kept("seed_key"))}, "1"
ACCESS_LINK = os.environ.get("BASE_URL", "http://localhost:8000")
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SEND_SMS = print
