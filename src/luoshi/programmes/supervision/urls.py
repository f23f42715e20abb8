"""The addresses of key-work supervision."""

from luoshi.programmes.supervision import board_views, letter_views, plan_views, score_views, task_views, works_views

urlpatterns = [
    *board_views.urlpatterns,
    *plan_views.urlpatterns,
    *works_views.urlpatterns,
    *letter_views.urlpatterns,
    *score_views.urlpatterns,
    *task_views.urlpatterns,
]
