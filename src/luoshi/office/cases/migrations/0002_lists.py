from django.db import migrations, models
from django.db.models import Q

from luoshi.office.search import index, table_operations
from luoshi.office.migrating import RunSchema

TABLE = "cases_search"


def _fill(apps, _editor):
    """Tell parties which of their cases are closed, and index the titles that are there."""
    case = apps.get_model("cases", "Case")
    apps.get_model("cases", "CaseParty").objects.filter(case__is_open=False).update(is_open=False)
    rows = case.objects.order_by("id").values_list("id", "number", "title")
    index(TABLE, ((pk, words) for pk, *words in rows.iterator()))


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [
        migrations.AddField("caseparty", "is_open", models.BooleanField(default=True)),
        RunSchema(*table_operations(TABLE)),
        migrations.RunPython(_fill, migrations.RunPython.noop),
        migrations.AddIndex(
            "case",
            models.Index(fields=["organ", "due_at", "id"], condition=Q(is_open=True), name="case_open_organ_due"),
        ),
        migrations.AddIndex("case", models.Index(fields=["organ", "id"], name="case_organ")),
        migrations.AddIndex(
            "caseparty",
            models.Index(fields=["organ", "due_at", "case"], condition=Q(is_open=True), name="case_party_open"),
        ),
    ]
