from django.db import migrations

from luoshi.office.audit.triggers import append_only
from luoshi.office.search import table_operations


class Migration(migrations.Migration):
    dependencies = [("duties", "0003_matters")]
    operations = [
        migrations.RunPython(*append_only("duties_matterevent")),
        migrations.RunPython(*table_operations("duties_matter_search")),
    ]
