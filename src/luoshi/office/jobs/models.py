"""The job."""

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One long job: `phase`, `n` of `total` while it runs, `result` or `error` when it has ended.

    `by` and `by_id` asked for it, for `for_id` where they acted for another. `worker` is the run that has it now,
    `seen_at` its last sign of life, `attempts` how often it was begun; `stop_asked_by` is set when it shall stop.
    """

    class State(models.TextChoices):
        """Where a job stands."""

        WAITING = "waiting", "等待"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"
        CANCELLED = "cancelled", "已停下"

    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict)
    by = models.CharField(max_length=100)
    by_id = models.BigIntegerField(null=True)
    for_id = models.BigIntegerField(null=True)
    for_name = models.CharField(max_length=100, default="")
    request_id = models.CharField(max_length=40, default="")
    worker = models.CharField(max_length=32, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    stop_asked_by = models.CharField(max_length=100, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    phase = models.CharField(max_length=40, default="")
    n = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """The next waiting job is found by state and id, a person's own by asker."""

        indexes = (
            models.Index(fields=["state", "id"], name="job_state"),
            models.Index(fields=["by_id", "id"], name="job_asker"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "failed", "cancelled"]), name="job_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"]) | Q(finished_at__isnull=False), name="job_end_is_dated"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} {self.state}"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in (self.State.WAITING, self.State.RUNNING)
