# Supplementary agreements: what each changed of a sale.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("home_escrow", "0002_cases"),
    ]

    operations = [
        migrations.CreateModel(
            name="Supplement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                ("case_no", models.CharField(max_length=40, unique=True)),
                ("on", models.DateField()),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                (
                    "sale",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplements",
                        to="home_escrow.sale",
                    ),
                ),
            ],
            options={
                "ordering": ("sale", "n"),
                "constraints": [models.UniqueConstraint(fields=("sale", "n"), name="he_supplement_n")],
            },
        ),
    ]
