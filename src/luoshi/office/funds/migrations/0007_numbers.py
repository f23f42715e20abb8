from django.db import migrations

from luoshi.office.funds.guards import index_numbers, scan_numbers
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("funds", "0006_pair")]
    operations = [RunSchema(index_numbers, scan_numbers)]
