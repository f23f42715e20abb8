from django.db import migrations

from luoshi.office.funds.guards import guard
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("funds", "0005_kin")]
    operations = [RunSchema(guard, lambda _apps, _editor: None)]
