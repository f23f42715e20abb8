from django.db import migrations

from luoshi.office.funds.guards import at_once, one_by_one
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("funds", "0008_fail")]
    operations = [RunSchema(at_once, one_by_one)]
