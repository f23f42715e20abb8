from django.db import migrations

from luoshi.office.notices.triggers import guard, lift


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]
    operations = [migrations.RunPython(guard, lift)]
