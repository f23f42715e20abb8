"""The site as an ASGI application, with the threads of jobs and timer in the same process."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luoshi.site.settings")

from django.conf import settings
from django.core.asgi import get_asgi_application

from luoshi.site.setup import settled

application = get_asgi_application()
settled()

if settings.JOBS == "thread":
    from luoshi.office import timer
    from luoshi.office.jobs.actions import start_thread

    start_thread()
    timer.start_thread()
