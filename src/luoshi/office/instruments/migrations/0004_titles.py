from django.db import migrations, models
from django.db.models import Q

from luoshi.office.search import index, table_operations
from luoshi.office.migrating import RunSchema

TABLE = "instruments_titles"
_BATCH = 2000


def fill(apps, editor):
    rows = apps.get_model("instruments", "Instrument").objects.order_by("pk")
    found = rows.values_list("pk", "number", "title", "covering_title").iterator(chunk_size=_BATCH)
    index(TABLE, ((pk, parts) for pk, *parts in found))


class Migration(migrations.Migration):
    dependencies = [("instruments", "0003_review")]
    operations = [
        RunSchema(*table_operations(TABLE)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="instrument",
            index=models.Index(
                fields=["serial", "year", "-sort_on"], name="instrument_serial", condition=Q(is_current=True)
            ),
        ),
        migrations.AddIndex(
            model_name="instrument",
            index=models.Index(fields=["expires_on", "id"], name="instrument_expiry", condition=Q(is_current=True)),
        ),
    ]
