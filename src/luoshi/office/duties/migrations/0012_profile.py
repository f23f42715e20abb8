# A matter is judged by its root's profile; missed reports have their day.

import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("duties", "0011_by_module")]

    operations = [
        migrations.AddField(
            model_name="matter",
            name="silent_on",
            field=models.DateField(default=datetime.date(9999, 12, 31)),
        ),
        migrations.AddConstraint(
            model_name="matter",
            constraint=models.CheckConstraint(
                condition=models.Q(("profile__in", ["workpoints", "governance"])), name="matter_profile"
            ),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=models.Q(("is_open", True), ("profile", "governance")),
                fields=["yellow_on", "late_on", "id"],
                name="matter_open_governed",
            ),
        ),
    ]
