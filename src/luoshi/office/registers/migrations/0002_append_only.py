from django.db import migrations

from luoshi.office.audit.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("registers", "0001_initial")]
    operations = [migrations.RunPython(*append_only("registers_registerchange"))]
