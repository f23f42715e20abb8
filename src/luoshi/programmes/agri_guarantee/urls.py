"""The addresses of the guarantee."""

from django.urls import path

from luoshi.programmes.agri_guarantee import public_views, views

urlpatterns = [
    path("guarantee/", views.workbench, name="guarantee"),
    path("guarantee/apply/", views.apply, name="guarantee-apply"),
    path("guarantee/claims/new/", views.claim, name="guarantee-claim"),
    path("guarantee/fund/", views.year, name="guarantee-fund"),
    path("guarantee/fund.xlsx", views.year_export, name="guarantee-fund-export"),
    path("guarantee/subsidies/", views.subsidy_list, name="guarantee-subsidies"),
    path("guarantee/subsidies.xlsx", views.subsidy_export, name="guarantee-subsidies-export"),
    path("guarantee/cases/<str:number>/reports/", views.due_reports, name="guarantee-reports"),
    path("open/guarantee/", public_views.public, name="open-guarantee"),
    path("open/guarantee/calculator/", public_views.calculator, name="open-guarantee-calculator"),
]
