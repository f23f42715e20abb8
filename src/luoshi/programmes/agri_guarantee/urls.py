"""The addresses of the guarantee."""

from django.urls import path

from luoshi.programmes.agri_guarantee import views

urlpatterns = [
    path("guarantee/", views.workbench, name="guarantee"),
    path("guarantee/apply/", views.apply, name="guarantee-apply"),
    path("guarantee/claims/new/", views.claim, name="guarantee-claim"),
]
