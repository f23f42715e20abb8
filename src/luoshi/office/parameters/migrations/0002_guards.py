from django.db import migrations

from luoshi.office.parameters.triggers import guard, lift
from luoshi.office.migrating import RunSchema


class Migration(migrations.Migration):
    dependencies = [("parameters", "0001_initial")]
    operations = [RunSchema(guard, lift)]
