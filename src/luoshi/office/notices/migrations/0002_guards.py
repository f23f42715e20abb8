from django.db import migrations

from luoshi.office.notices.triggers import guard, lift
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial")]
    operations = [RunSchema(guard, lift)]
