# Assessment runs, spot checks, the annual review.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("duties", "0009_planned"),
        ("supervision", "0002_running"),
    ]

    operations = [
        migrations.CreateModel(
            name="AssessmentRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "plan",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="supervision.plan",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("month", "月度试算"), ("half", "半年评估"), ("year", "年度评估")], max_length=6
                    ),
                ),
                ("after", models.DateField()),
                ("until", models.DateField()),
                ("seq", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("trial", "试算"),
                            ("objections", "异议期"),
                            ("frozen", "已定稿"),
                            ("published", "已公布"),
                        ],
                        default="trial",
                        max_length=10,
                    ),
                ),
                ("parameters", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64)),
                ("reason", models.CharField(blank=True, default="", max_length=1000)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("made_name", models.CharField(max_length=100)),
                ("objections_until", models.DateField(null=True)),
                ("frozen_at", models.DateTimeField(null=True)),
                ("frozen_name", models.CharField(blank=True, default="", max_length=100)),
                ("published_at", models.DateTimeField(null=True)),
                ("published_name", models.CharField(blank=True, default="", max_length=100)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "indexes": [models.Index(fields=["-until", "-id"], name="assessment_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "kind", "until", "seq"), name="assessment_once"),
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("after"))), name="assessment_span"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("seq", 1), ("kind", "month"), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="assessment_again_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "month"), _negated=True), ("state", "trial"), _connector="OR"
                        ),
                        name="assessment_month_is_trial",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("frozen_at__isnull", True), ("state__in", ["trial", "objections"])),
                            models.Q(
                                ("frozen_at__isnull", False),
                                ("objections_until__isnull", False),
                                ("state__in", ["frozen", "published"]),
                            ),
                            _connector="OR",
                        ),
                        name="assessment_frozen",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AssessmentLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="supervision.assessmentrun",
                    ),
                ),
                ("organ", models.CharField(max_length=80)),
                ("name", models.CharField(max_length=100)),
                (
                    "group",
                    models.CharField(
                        choices=[("city", "市直部门"), ("local", "镇区"), ("other", "企业及其他单位")], max_length=5
                    ),
                ),
                ("leaves", models.PositiveIntegerField()),
                ("inputs", models.JSONField(default=dict)),
                ("parts", models.JSONField(default=dict)),
                ("exact", models.TextField(blank=True, default="")),
                ("score", models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ("rank", models.PositiveSmallIntegerField(null=True)),
                ("objected_at", models.DateTimeField(null=True)),
                ("objected_name", models.CharField(blank=True, default="", max_length=100)),
                ("objection", models.CharField(blank=True, default="", max_length=2000)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_name", models.CharField(blank=True, default="", max_length=100)),
                ("answer", models.CharField(blank=True, default="", max_length=2000)),
            ],
            options={
                "indexes": [models.Index(fields=["organ", "-run"], name="assessment_line_organ")],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "organ"), name="assessment_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("rank__isnull", True), ("score__isnull", True)),
                            models.Q(("rank__isnull", False), ("score__isnull", False)),
                            _connector="OR",
                        ),
                        name="assessment_line_ranked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("score__isnull", True), models.Q(("score__gte", 0), ("score__lte", 100)), _connector="OR"
                        ),
                        name="assessment_line_score",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True), ("objected_at__isnull", False), _connector="OR"
                        ),
                        name="assessment_line_answer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpotCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "plan",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spot_checks",
                        to="supervision.plan",
                    ),
                ),
                ("quarter", models.CharField(max_length=7)),
                ("seed", models.CharField(max_length=64)),
                ("ratio", models.DecimalField(decimal_places=2, max_digits=5)),
                ("population", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("drawn_at", models.DateTimeField()),
                ("drawn_name", models.CharField(max_length=100)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("plan", "quarter"), name="spot_check_once")],
            },
        ),
        migrations.CreateModel(
            name="SpotCheckLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "check_of",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="supervision.spotcheck",
                    ),
                ),
                (
                    "matter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="spot_checks", to="duties.matter"
                    ),
                ),
                ("organ", models.CharField(max_length=80)),
                ("order", models.PositiveIntegerField()),
                (
                    "result",
                    models.CharField(
                        choices=[("drawn", "待抽查"), ("passed", "合格"), ("failed", "不合格")],
                        default="drawn",
                        max_length=6,
                    ),
                ),
                ("falsified", models.BooleanField(default=False)),
                ("visited_on", models.DateField(null=True)),
                ("with_organ", models.CharField(blank=True, default="", max_length=80)),
                ("found", models.CharField(blank=True, default="", max_length=2000)),
                ("recorded_at", models.DateTimeField(null=True)),
                ("recorded_name", models.CharField(blank=True, default="", max_length=100)),
            ],
            options={
                "indexes": [models.Index(fields=["organ", "recorded_at"], name="spot_check_organ")],
                "constraints": [
                    models.UniqueConstraint(fields=("check_of", "matter"), name="spot_check_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("result", "drawn"),
                            models.Q(
                                ("recorded_at__isnull", False),
                                ("visited_on__isnull", False),
                                models.Q(("with_organ", ""), _negated=True),
                                models.Q(("found", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="spot_check_found",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("falsified", False), ("result", "failed"), _connector="OR"),
                        name="spot_check_falsified_failed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("with_organ", models.F("organ")), _negated=True),
                        name="spot_check_other_organ",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AnnualReview",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "plan",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="review", to="supervision.plan"
                    ),
                ),
                ("day", models.DateField()),
                ("due", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("drafted", "待签字"), ("signed", "已签字")], default="drafted", max_length=8
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("drafted_at", models.DateTimeField()),
                (
                    "drafted_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("drafted_name", models.CharField(max_length=100)),
                ("signed_at", models.DateTimeField(null=True)),
                ("signed_name", models.CharField(blank=True, default="", max_length=100)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("signed_at__isnull", True), ("state", "drafted")),
                            models.Q(("signed_at__isnull", False), ("state", "signed")),
                            _connector="OR",
                        ),
                        name="annual_review_signed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AnnualLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "review",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="supervision.annualreview",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="supervision.keyitem"
                    ),
                ),
                ("category", models.CharField(max_length=4)),
                ("actual", models.TextField(default="0/1")),
                ("counts", models.JSONField(default=dict)),
                ("carried", models.JSONField(default=list)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("review", "item"), name="annual_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(("category__in", ["完成", "基本完成", "未完成", "调整"])),
                        name="annual_line_category",
                    ),
                ],
            },
        ),
    ]
