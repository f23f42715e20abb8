from django.db import migrations

from luoshi.office.parameters.triggers import guard, lift


class Migration(migrations.Migration):
    dependencies = [("parameters", "0001_initial")]
    operations = [migrations.RunPython(guard, lift)]
