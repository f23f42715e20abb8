from django.db import migrations

from luoshi.office.audit.triggers import append_only
from luoshi.office.search import table_operations
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("duties", "0003_matters")]
    operations = [
        RunSchema(*append_only("duties_matterevent")),
        RunSchema(*table_operations("duties_matter_search")),
    ]
