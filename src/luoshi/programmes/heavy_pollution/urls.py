"""The addresses of heavy pollution weather."""

from django.urls import path

from luoshi.programmes.heavy_pollution import public_views, views

urlpatterns = [
    path("pollution/", views.show_board, name="pollution"),
    path("pollution/<int:pk>/", views.show_board, name="pollution-warning"),
    path("pollution/consultations/", views.hold, name="pollution-hold"),
    path("pollution/consultations/<int:case>/", views.consultation, name="pollution-consultation"),
    path("pollution/air/", views.air, name="pollution-air"),
    path("pollution/tasks/", views.task_list, name="pollution-tasks"),
    path("pollution/duties/", views.duty_list, name="pollution-duties"),
    path("pollution/simulator/", views.simulator, name="pollution-simulator"),
    path("open/pollution/", public_views.public, name="open-pollution"),
    path("open/pollution/vehicle/", public_views.vehicle, name="open-pollution-vehicle"),
    path("open/pollution/firms/", public_views.firms, name="open-pollution-firms"),
    path("open/pollution/cap.atom", public_views.feed, name="open-pollution-feed"),
    path("open/pollution/cap/<str:identifier>.xml", public_views.message, name="open-pollution-cap"),
]
