"""All settings, from the environment (`.env.example` lists every name). What a city may change is a row."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from gridcity import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.folder("VAR", BASE_DIR / "var")

# --- how careful to be --------------------------------------------------------------------------------------
# Demo mode is what `bin/run` starts: known passwords, plain http. Everything else must pass safety.py.
DEMO = env.flag("DEMO", default=False)
DEBUG = env.flag("DEBUG", default=False)
HTTPS = env.flag("HTTPS", default=not DEMO)
NO_SECRET = "django-insecure-nobody-set-a-secret"


def kept_secret() -> str:
    """The secret `bin/run` made once for this tree; absent in a real deployment, which must set its own."""
    kept = VAR_DIR / "secret_key"
    try:
        return kept.read_text().strip() or NO_SECRET
    except OSError:
        return NO_SECRET


SECRET_KEY = env.text("SECRET_KEY") or kept_secret()

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.origins("TRUSTED_ORIGINS")

# --- what is installed --------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "gridcity",
    "frontend",
    "dispatch",
    "dispatch.indicators",
    "casework",
    "gis_data",
    "procrastinate.contrib.django",
    "channels",
    "csp",
    "gridcity.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.gis",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
ROOT_URLCONF = "gridcity.urls"
ASGI_APPLICATION = "gridcity.asgi.application"
WSGI_APPLICATION = "gridcity.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- database -----------------------------------------------------------------------------------------------
_database = env.database("DATABASE", "postgresql:///gridcity")
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "gridcity.postgis",
        "NAME": _database.pop("dbname", "gridcity"),
        "USER": _database.pop("user", ""),
        "PASSWORD": _database.pop("password", ""),
        "HOST": _database.pop("host", ""),
        "PORT": _database.pop("port", ""),
        # Each thread keeps its connection and replaces one found broken, so that the city goes on by itself
        # after its database was restarted.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": env.text("TEST_DATABASE", "test_gridcity")},
        "OPTIONS": {
            **_database,
            # Statements are prepared once a connection: planning cost as much as running them (bench/intake).
            "server_side_binding": True,
            "prepare_threshold": 3,
        },
    },
}


def beside(package: str, pattern: str) -> str | None:
    """A shared library that a wheel carries in `<package>.libs`."""
    spec = find_spec(package)
    home = Path(spec.origin).parent if spec and spec.origin else Path()
    return next((str(found) for found in sorted(home.parent.glob(f"{package}.libs/{pattern}"))), None)


# GDAL, GEOS and PROJ come from the wheels: GDAL before 3.9 cannot be kept from opening files and addresses
# named in a hostile spatial reference (gis.W001), and Django would look for no version this new by itself.
GDAL_LIBRARY_PATH = beside("pyogrio", "libgdal*.so*")
GEOS_LIBRARY_PATH = beside("shapely", "libgeos_c-*.so*")
if (_pyogrio := find_spec("pyogrio")) and _pyogrio.origin:
    os.environ["PROJ_DATA"] = str(Path(_pyogrio.origin).parent / "proj_data")
    os.environ["GDAL_DATA"] = str(Path(_pyogrio.origin).parent / "gdal_data")

# --- people -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "casework.Person"
AUTHENTICATION_BACKENDS = ["gridcity.administrators.PostBackend"]
# The login page of demo mode offers these; the pages lie below the roof and cannot import it.
DEMO_LOGINS = "gridcity.seeding.city.demo_logins"
DEMO_EVERYBODY = "gridcity.seeding.city.demo_everybody"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- the browser's side -------------------------------------------------------------------------------------
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 366 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
if env.flag("BEHIND_PROXY", default=False):
    # Only behind a proxy that sets this header itself: otherwise any client could claim to have come by TLS.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

# Base maps from outside are off until somebody names them, each with the datum its tiles are drawn in.
BASE_LAYERS = env.records("BASE_LAYERS", ["id", "title", "url", "datum", "attribution"])
_tile_origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(layer["url"])) for layer in BASE_LAYERS})
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "blob:", "data:", *_tile_origins],
        "media-src": [SELF, "blob:"],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- language and time --------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- files --------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [folder for folder in [BASE_DIR / "frontend" / "dist"] if folder.is_dir()]
# Photographs are evidence: nothing here is served by path, only by a view that asks the policy.
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "gridcity.storage.HashedStaticFiles"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
MAX_BODY_BYTES = env.number("MAX_BODY_MB", 100, least=1, most=2000) * 1024 * 1024

# --- work behind the scenes ---------------------------------------------------------------------------------
WEB_THREADS = env.number("WEB_THREADS", 8, least=1, most=64)
# What each web process keeps of map tiles; 0 draws each anew.
TILE_CACHE_MB = env.number("TILE_CACHE_MB", 48, most=16_384)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = env.text("EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD")
EMAIL_USE_TLS = True
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "gridcity@localhost")
SMS_GATEWAY_URL = env.text("SMS_GATEWAY_URL")
SMS_GATEWAY_TOKEN = env.text("SMS_GATEWAY_TOKEN")
# Messages to sleeping phones: off until somebody names the services that may be written to.
PUSH_SERVICES = env.words("PUSH_SERVICES", [])
PUSH_CONTACT = env.text("PUSH_CONTACT", f"mailto:{DEFAULT_FROM_EMAIL}")
PUSH_KEY = env.folder("PUSH_KEY", VAR_DIR / "push_key.pem")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": env.one_of("LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"], "WARNING"),
    },
}
