# Overdue matters of other programmes are counted without walking over those of one that has millions.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("duties", "0010_matters_by_word")]

    operations = [
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=models.Q(("is_open", True), ("backlog", False)),
                fields=["module", "kind", "late_on", "id"],
                name="matter_open_module",
            ),
        ),
    ]
