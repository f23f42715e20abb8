from django.db import migrations

from luoshi.office.funds.guards import guard, lift
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("funds", "0001_initial")]
    operations = [RunSchema(guard, lift)]
