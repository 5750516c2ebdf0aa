"""What tests change: a fast hasher, static files straight from their sources, no mail sent."""

import os

os.environ["GRIDCITY_DEMO"] = "1"
os.environ.setdefault("GRIDCITY_SECRET_KEY", "only-for-tests")

from gridcity.settings import *  # noqa: F403
from gridcity.settings import DATABASES, STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
# A thread of a served city must not keep the test database busy after its test.
DATABASES["default"]["CONN_MAX_AGE"] = 0
