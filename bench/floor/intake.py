"""One Django view and one SQL call: a photograph, if there is one, is written and synced first. No rights, no
checks, no clock, no chain, no dense order. `granian --interface wsgi bench.floor.intake:wsgi`"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID

import django
from django.conf import settings

from gridcity.settings import DATABASES

settings.configure(
    DEBUG=False,
    SECRET_KEY="floor",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {**DATABASES["default"], "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "OPTIONS": {}}
    },
    DATA_UPLOAD_MAX_MEMORY_SIZE=16 << 20,
    LOGGING_CONFIG=None,
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

FOLDER = Path(os.environ.get("FLOOR_PHOTOS", "."))
CALL = "SELECT floor.file_report(%s, %s, %s, 7, 'broken cover near the gate', %s, %s::uuid)"


def sql(request: HttpRequest) -> JsonResponse:
    asked: Any = request.GET
    client = str(UUID(asked["client_id"]))
    if len(request.body) > 2:
        with open(FOLDER / client, "wb") as file:
            file.write(request.body)
            file.flush()
            os.fsync(file.fileno())
    with connection.cursor() as cursor:
        cursor.execute(
            CALL, [float(asked["lon"]), float(asked["lat"]), int(asked["class_code"]), client, client]
        )
        return JsonResponse({"id": cursor.fetchone()[0]}, status=201)


def root(request: HttpRequest) -> JsonResponse:
    return JsonResponse({})


urlpatterns = [path("sql", sql), path("", root)]
wsgi = get_wsgi_application()
