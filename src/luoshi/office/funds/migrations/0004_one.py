from django.db import migrations

from luoshi.office.funds.guards import quicken, slow
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("funds", "0003_openings")]
    operations = [RunSchema(quicken, slow)]
