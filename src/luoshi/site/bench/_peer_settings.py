"""Settings of a benchmark's process: those of the site, and the peer that needs tables of its own."""

from luoshi.site.settings import *  # noqa: F403
from luoshi.site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "viewflow", "viewflow.workflow"]
