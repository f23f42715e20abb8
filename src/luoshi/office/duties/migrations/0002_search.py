from django.db import migrations

from luoshi.office.search import table_operations


class Migration(migrations.Migration):
    dependencies = [("duties", "0001_initial")]
    operations = [migrations.RunPython(*table_operations("duties_duty_search"))]
