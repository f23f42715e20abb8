"""What the board counts stands in one index: two million tasks are not read for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("heavy_pollution", "0003_places")]

    operations = [
        migrations.AddIndex(
            "measuretask",
            models.Index(fields=["response", "closed", "measure", "organ", "town", "state"], name="hp_task_tally"),
        )
    ]
