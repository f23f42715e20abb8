from django.db import migrations

from luoshi.office.search import table_operations
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("duties", "0001_initial")]
    operations = [RunSchema(*table_operations("duties_duty_search"))]
