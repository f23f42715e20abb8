# Sums of smallest tasks for the board, an item's days, and where the work of a task is done.

import datetime
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("duties", "0009_planned"),
        ("supervision", "0003_assessing"),
    ]

    operations = [
        migrations.AddField(
            model_name="leaf",
            name="item",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="leaves",
                to="supervision.keyitem",
            ),
        ),
        migrations.AddField(
            model_name="leaf",
            name="latitude",
            field=models.DecimalField(decimal_places=6, max_digits=8, null=True),
        ),
        migrations.AddField(
            model_name="leaf",
            name="longitude",
            field=models.DecimalField(decimal_places=6, max_digits=9, null=True),
        ),
        migrations.AddField(
            model_name="leaf",
            name="part",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="leaf",
            name="red_on",
            field=models.DateField(default=datetime.date(9999, 12, 31)),
        ),
        migrations.CreateModel(
            name="ItemDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("gained", models.TextField(default="0/1")),
                ("reports", models.PositiveIntegerField(default=0)),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="supervision.keyitem",
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("item", "day"), name="item_day_once")]},
        ),
        migrations.CreateModel(
            name="LeafSums",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("start", models.DateField()),
                ("due", models.DateField()),
                ("bend", models.CharField(blank=True, default="", max_length=32)),
                ("points", models.JSONField(blank=True, default=list)),
                ("open", models.BooleanField()),
                ("paused", models.BooleanField()),
                ("late", models.BooleanField()),
                ("month", models.CharField(blank=True, default="", max_length=7)),
                ("count", models.IntegerField(default=0)),
                ("part", models.BigIntegerField(default=0)),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sums",
                        to="supervision.keyitem",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("item", "start", "due", "bend", "open", "paused", "late", "month"),
                        name="leaf_sums_once",
                    ),
                    models.CheckConstraint(condition=models.Q(("count__gte", 0)), name="leaf_sums_count"),
                ]
            },
        ),
        migrations.AddField(
            model_name="leaf",
            name="sums",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="leaves", to="supervision.leafsums"
            ),
        ),
        migrations.AddIndex(
            model_name="leaf",
            index=models.Index(fields=["item", "red_on", "id"], name="leaf_red"),
        ),
        migrations.AddIndex(
            model_name="leaf",
            index=models.Index(
                condition=models.Q(("latitude__isnull", False)), fields=["item", "id"], name="leaf_placed"
            ),
        ),
        migrations.AddConstraint(
            model_name="leaf",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                    models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                    _connector="OR",
                ),
                name="leaf_place",
            ),
        ),
    ]
