"""The addresses of the mitigation fund."""

from django.urls import path

from luoshi.programmes.mitigation_fund import public_views, views

urlpatterns = [
    path("mitigation/", views.workbench, name="mitigation"),
    path("mitigation/circular/", views.circular, name="mitigation-circular"),
    path("mitigation/apply/", views.apply, name="mitigation-apply"),
    path("mitigation/recourse/", views.begin_recourse, name="mitigation-recourse"),
    path("mitigation/risk/", views.report_risk, name="mitigation-risk"),
    path("mitigation/firms/", views.firm_list, name="mitigation-firms"),
    path("mitigation/firms/<str:code>/", views.firm_page, name="mitigation-firm"),
    path("mitigation/banks/<str:number>/", views.bank, name="mitigation-bank"),
    path("mitigation/claims/<str:number>/", views.claim, name="mitigation-claim"),
    path("mitigation/year/<int:year>/", views.year, name="mitigation-year"),
    path("mitigation/year/<int:year>.xlsx", views.year_export, name="mitigation-year-export"),
    path("open/mitigation/", public_views.public, name="open-mitigation"),
]
