# Signatures under reports and the annual review, changes by an instrument, tasks carried into the next year.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("duties", "0009_planned"),
        ("instruments", "0004_titles"),
        ("notices", "0002_guards"),
        ("supervision", "0004_sums"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="annualreview",
            name="notice",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="notices.notice"
            ),
        ),
        migrations.CreateModel(
            name="ReportSignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organ", models.CharField(max_length=80)),
                ("signed_at", models.DateTimeField()),
                ("signed_name", models.CharField(max_length=100)),
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signature",
                        to="duties.progressreport",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("target", "调整目标或期限"), ("withdraw", "取消任务")], max_length=10),
                ),
                ("citation", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=1000)),
                ("old_value", models.DecimalField(decimal_places=6, max_digits=20, null=True)),
                ("new_value", models.DecimalField(decimal_places=6, max_digits=20, null=True)),
                ("old_due", models.DateField()),
                ("new_due", models.DateField()),
                ("old_points", models.JSONField(default=list)),
                ("asked_at", models.DateTimeField()),
                ("asked_name", models.CharField(max_length=100)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_name", models.CharField(blank=True, default="", max_length=100)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("approved", "同意调整"), ("refused", "不同意调整")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("decision_reason", models.CharField(blank=True, default="", max_length=1000)),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "instrument",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="instruments.instrument",
                    ),
                ),
                (
                    "matter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="adjustments", to="duties.matter"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("decision", "")), fields=["id"], name="adjustment_waiting")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decision", "")), fields=("matter",), name="adjustment_one_open"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("citation", ""), _negated=True), models.Q(("reason", ""), _negated=True)
                        ),
                        name="adjustment_grounds",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "withdraw"),
                            models.Q(("new_due", models.F("old_due")), _negated=True),
                            ("new_value__isnull", False),
                            _connector="OR",
                        ),
                        name="adjustment_changes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by__isnull", True),
                            ("asked_by__isnull", True),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="adjustment_second_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decision", "")),
                            models.Q(("decided_at__isnull", False), ("decision__in", ["approved", "refused"])),
                            _connector="OR",
                        ),
                        name="adjustment_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", "refused"), _negated=True),
                            models.Q(("decision_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="adjustment_refused_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CarriedTask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "matter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="carried", to="duties.matter"
                    ),
                ),
                (
                    "node",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="carried_from", to="supervision.node"
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="carried_tasks",
                        to="supervision.annualreview",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["review", "id"], name="carried_of_review")],
            },
        ),
        migrations.CreateModel(
            name="ReviewSignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organ", models.CharField(max_length=80)),
                ("signed_at", models.DateTimeField()),
                ("signed_name", models.CharField(max_length=100)),
                (
                    "review",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signatures",
                        to="supervision.annualreview",
                    ),
                ),
                (
                    "signed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("review", "organ"), name="review_signature_once")],
            },
        ),
    ]
