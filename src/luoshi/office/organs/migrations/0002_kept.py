from django.db import migrations

from luoshi.office.organs.triggers import keep_rows
from luoshi.office.migrating import RunSchema

TABLES = (
    "proposal", "organ", "organname", "reformbatch", "organrelation", "town", "namereading", "printnote", "post",
    "person", "personidentifier", "personmerge", "evidence", "leadinggroup", "membership", "importedsheet",
)


class Migration(migrations.Migration):
    dependencies = [("organs", "0001_initial")]
    operations = [RunSchema(*keep_rows(f"organs_{table}")) for table in TABLES]
