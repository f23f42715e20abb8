# Key works set outside the yearly plan, orders to explain or to put right what is behind, figures found by checks.

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("duties", "0012_profile"),
        ("instruments", "0005_most_duties"),
        ("supervision", "0007_alike"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.CharField(choices=[("yellow", "说明"), ("red", "纠偏")], max_length=6)),
                ("words", models.CharField(max_length=1000)),
                ("again", models.BooleanField(default=False)),
                ("ordered_at", models.DateTimeField()),
                ("ordered_name", models.CharField(max_length=100)),
                ("due_on", models.DateField()),
                ("answer", models.CharField(blank=True, default="", max_length=2000)),
                ("steps", models.JSONField(blank=True, default=list)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_name", models.CharField(blank=True, default="", max_length=100)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="keyitem",
            name="basis",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="keyitem",
            name="begins_on",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="keyitem",
            name="words",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="spotcheckline",
            name="reached",
            field=models.DecimalField(decimal_places=6, max_digits=20, null=True),
        ),
        migrations.AlterField(
            model_name="plan",
            name="kind",
            field=models.CharField(
                choices=[("work_points", "年度工作要点"), ("key_works", "计划外重点工作")],
                default="work_points",
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="keyitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("begins_on__isnull", True), ("due__gte", models.F("begins_on")), _connector="OR"),
                name="key_item_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["work_points", "key_works"])), name="plan_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="spotcheckline",
            constraint=models.CheckConstraint(
                condition=models.Q(("reached__isnull", True), ("result", "failed"), _connector="OR"),
                name="spot_check_reached_failed",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="answered_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="matter",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="duties.matter",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="ordered_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="correction",
            index=models.Index(fields=["matter", "-id"], name="correction_of"),
        ),
        migrations.AddIndex(
            model_name="correction",
            index=models.Index(
                condition=models.Q(("answer", ""), ("ended_at", None)),
                fields=["due_on", "id"],
                name="correction_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("matter",), name="correction_one_running"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__in", ["yellow", "red"])), name="correction_level"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("words", ""), _negated=True), name="correction_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at__isnull", True)),
                    models.Q(models.Q(("answer", ""), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="correction_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("level", "yellow"), ("answer", ""), models.Q(("steps", []), _negated=True), _connector="OR"
                ),
                name="correction_planned",
            ),
        ),
    ]
