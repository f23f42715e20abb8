"""The addresses of heavy pollution weather."""

from django.urls import path

from luoshi.programmes.heavy_pollution import organ_plan_views, plan_views, public_views, views, violation_views

urlpatterns = [
    path("pollution/", views.show_board, name="pollution"),
    path("pollution/<int:pk>/", views.show_board, name="pollution-warning"),
    path("pollution/consultations/", views.hold, name="pollution-hold"),
    path("pollution/consultations/<int:case>/", views.consultation, name="pollution-consultation"),
    path("pollution/air/", views.air, name="pollution-air"),
    path("pollution/tasks/", views.task_list, name="pollution-tasks"),
    path("pollution/duties/", views.duty_list, name="pollution-duties"),
    path("pollution/simulator/", views.simulator, name="pollution-simulator"),
    path("pollution/plans/", plan_views.plan_list, name="pollution-plans"),
    path("pollution/plans/new/", plan_views.begin, name="pollution-plan-begin"),
    path("pollution/plans/publish/", plan_views.publish, name="pollution-plan-publish"),
    path("pollution/plans/template.xlsx", plan_views.plan_template, name="pollution-plan-template"),
    path("pollution/plans/export.xlsx", plan_views.plan_export, name="pollution-plan-export"),
    path("pollution/plans/import/", plan_views.plan_import, name="pollution-plan-import"),
    path("pollution/plans/import/<str:file>/", plan_views.plan_import, name="pollution-plan-preview"),
    path("pollution/plans/<int:pk>/", plan_views.plan_page, name="pollution-plan"),
    path("pollution/plans/<int:pk>/edit/", plan_views.plan_edit, name="pollution-plan-edit"),
    path("pollution/organ-plans/", organ_plan_views.organ_plan_list, name="pollution-organ-plans"),
    path("pollution/organ-plans/<int:pk>/", organ_plan_views.organ_plan, name="pollution-organ-plan"),
    path("open/pollution/plans/", organ_plan_views.public_plans, name="open-pollution-plans"),
    path("pollution/inspections/", violation_views.inspection_list, name="pollution-inspections"),
    path("pollution/inspections/new/", violation_views.inspect, name="pollution-inspect"),
    path("pollution/inspections/reports/", violation_views.report_list, name="pollution-citizen-reports"),
    path("pollution/inspections/<int:pk>/", violation_views.inspection, name="pollution-inspection"),
    path("open/pollution/report/", violation_views.public_report, name="open-pollution-report"),
    path("open/pollution/", public_views.public, name="open-pollution"),
    path("open/pollution/vehicle/", public_views.vehicle, name="open-pollution-vehicle"),
    path("open/pollution/firms/", public_views.firms, name="open-pollution-firms"),
    path("open/pollution/cap.atom", public_views.feed, name="open-pollution-feed"),
    path("open/pollution/cap/<str:identifier>.xml", public_views.message, name="open-pollution-cap"),
]
