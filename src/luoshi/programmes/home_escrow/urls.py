"""The addresses of home sales' supervised money."""

from django.urls import path

from luoshi.programmes.home_escrow import public_views, views

urlpatterns = [
    path("escrow/", views.workbench, name="escrow"),
    path("escrow/export.xlsx", views.export, name="escrow-export"),
    path("escrow/new/", views.new, name="escrow-new"),
    path("escrow/suspense/", views.waiting_money, name="escrow-suspense"),
    path("escrow/check/", views.check, name="escrow-check"),
    path("escrow/sales/<str:number>/", views.sale, name="escrow-sale"),
    path("escrow/sales/<str:number>/vouchers/<int:n>/", views.voucher, name="escrow-voucher"),
    path("escrow/sales/<str:number>/vouchers/<int:n>.pdf", views.voucher_pdf, name="escrow-voucher-pdf"),
    path("open/escrow/", public_views.public, name="open-escrow"),
]
