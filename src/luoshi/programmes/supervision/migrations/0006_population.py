# The list a spot check was drawn from.

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0005_signatures"),
    ]

    operations = [
        migrations.AddField(
            model_name="spotcheck",
            name="listed",
            field=models.JSONField(default=list),
        ),
    ]
