from django.db import migrations

from luoshi.office.audit.triggers import append_only


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(*append_only("audit_auditentry"))]
