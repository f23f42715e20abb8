from django.db import migrations

from luoshi.office.funds.guards import abort_rows, fail_rows
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("funds", "0007_numbers")]
    operations = [RunSchema(fail_rows, abort_rows)]
