from django.db import migrations, models

OPEN = models.Q(("is_open", True))


class Migration(migrations.Migration):
    dependencies = [("duties", "0007_lamp")]

    operations = [
        migrations.RemoveIndex(model_name="matter", name="matter_open_due"),
        migrations.RemoveIndex(model_name="matter", name="matter_open_lamp"),
        migrations.RemoveIndex(model_name="matter", name="matter_open_organ"),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=OPEN,
                fields=["due_sort", "id", "red_on", "yellow_on", "green_on", "late_on", "state"],
                name="matter_open_lamp",
            ),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=OPEN,
                fields=["organ", "due_sort", "id", "late_on", "state", "holder"],
                name="matter_open_organ",
            ),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=models.Q(("state", "submitted")),
                fields=["submitted_at", "id", "organ"],
                name="matter_submitted",
            ),
        ),
    ]
