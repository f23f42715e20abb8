"""Every address of the site."""

from importlib import import_module

from django.urls import path

from luoshi.site import design
from luoshi.site.api import api
from luoshi.site.api.docs import docs
from luoshi.site.registry import load_programmes
from luoshi.site.views import (
    accounts,
    audit,
    calendar,
    cases,
    coverage,
    desk,
    fund_bank,
    fund_journal,
    fund_opening,
    funds,
    indicators,
    instruments,
    ledger,
    matters,
    notices,
    organs,
    parameters,
    policy,
    procedures,
    registers,
    review,
    search,
    system,
)

# Addresses are tried in this order: those of programs come first, rooms stand among the others without a step between.
urlpatterns = [
    path("api/v1/docs", docs, name="api-docs"),
    path("api/v1/", api.urls),
    path("", system.home, name="home"),
    path("policy/", policy.library, name="policy"),
    path("policy/upload/", policy.upload, name="upload"),
    path("policy/upload/<str:key>/", policy.preview, name="upload-preview"),
    *review.urlpatterns,
    path("instruments/<str:key>/", instruments.instrument, name="instrument"),
    path("instruments/<str:key>/<path:path>", instruments.clause, name="clause"),
    *ledger.urlpatterns,
    *registers.urlpatterns,
    *indicators.urlpatterns,
    *fund_bank.urlpatterns,
    *fund_journal.urlpatterns,
    *fund_opening.urlpatterns,
    *funds.urlpatterns,
    path("imports/", system.imports, name="imports"),
    path("imports/<int:pk>/", system.import_page, name="import"),
    path("jobs/<int:pk>/", system.job, name="job"),
    path("size/", system.choose, {"cookie": "ls_size", "allowed": ("normal", "large", "largest")}, name="size"),
    path("language/", system.choose, {"cookie": "ls_lang", "allowed": ("zh-hans", "en")}, name="language"),
    *accounts.urlpatterns,
    *desk.urlpatterns,
    *matters.urlpatterns,
    *cases.urlpatterns,
    *calendar.urlpatterns,
    *notices.urlpatterns,
    *organs.urlpatterns,
    *parameters.urlpatterns,
    *procedures.urlpatterns,
    *coverage.urlpatterns,
    *audit.urlpatterns,
    *search.urlpatterns,
    *(one for room in load_programmes() if room.urls for one in import_module(room.urls).urlpatterns),
    path("design/", design.design, name="design"),
    path("health", system.health, name="health"),
]

handler400 = "luoshi.site.errors.bad_request"
handler403 = "luoshi.site.errors.csrf_failure"
handler404 = "luoshi.site.errors.not_found"
handler500 = "luoshi.site.errors.server_error"
