from django.db import migrations

from luoshi.office.search import table_operations


class Migration(migrations.Migration):
    dependencies = [("instruments", "0001_initial")]
    operations = [migrations.RunPython(*table_operations("instruments_search"))]
