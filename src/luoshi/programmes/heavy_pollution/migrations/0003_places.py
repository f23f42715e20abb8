"""Schools, hospitals, roads and berths have a place on the map."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("heavy_pollution", "0002_standing")]

    operations = [
        migrations.AddField(name, column, models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True))
        for name in ("medicalinstitution", "portberth", "roadsection", "school")
        for column in ("lat", "lon")
    ]
