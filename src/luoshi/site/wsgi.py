"""The site as a WSGI application, with the threads of jobs and timer in the same process."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luoshi.site.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from luoshi.office.ready import Ready
from luoshi.site.setup import settled

application = Ready(get_wsgi_application())
settled()

if settings.JOBS == "thread":
    from luoshi.office import timer
    from luoshi.office.jobs.actions import start_thread

    start_thread()
    timer.start_thread()
