"""Plain HTTP, for the ASGI process (asgi.py) and for any WSGI server a big city puts beside it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcity.settings")

application = get_wsgi_application()

from gridcity.safety import refuse_unsafe  # noqa: E402  (needs the apps loaded)

refuse_unsafe()
