from django.db import migrations

from luoshi.office.audit.triggers import append_only
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("registers", "0001_initial")]
    operations = [RunSchema(*append_only("registers_registerchange"))]
