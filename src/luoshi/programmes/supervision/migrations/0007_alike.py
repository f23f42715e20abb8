# The first of the tasks that are added up together is found in the index, not among all of them.

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("supervision", "0006_population")]

    operations = [
        migrations.AlterField(
            model_name="leaf",
            name="sums",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="leaves",
                to="supervision.leafsums",
            ),
        ),
        migrations.AddIndex(
            model_name="leaf",
            index=models.Index(fields=["sums", "id"], name="leaf_alike"),
        ),
    ]
