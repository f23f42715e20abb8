"""What other systems ask of this room."""

from ninja import Router

from luoshi.programmes.supervision import board_api, letter_api, plan_api, score_api, task_api, works_api

router = Router()
for part in (board_api, plan_api, letter_api, score_api, task_api, works_api):
    router.add_router("", part.router)
