"""What tests change: a fast hasher, unhashed static files, no mail, no demo."""

import os

os.environ.setdefault("GRIDCITY_SECRET_KEY", "only-for-tests")
os.environ.setdefault("GRIDCITY_HTTPS", "0")

from gridcity.settings import *  # noqa: F403
from gridcity.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
