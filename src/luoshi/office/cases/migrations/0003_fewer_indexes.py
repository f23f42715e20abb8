"""Rows of a case are found by the constraint that begins with the case: an index of the case alone is only written."""

from django.db import migrations, models

from luoshi.office.migrating import RunSchema

_KEYS = {
    "caseparty": ("parties", models.CASCADE, "cases_caseparty_case_id_7d3c0d06"),
    "caseevent": ("events", models.PROTECT, "cases_caseevent_case_id_6c6031ac"),
    "casevoice": ("voices", models.PROTECT, "cases_casevoice_case_id_726f148f"),
}


def _drop(_apps, editor):
    for _, _, index in _KEYS.values():
        editor.execute(f"DROP INDEX IF EXISTS {index}")
    # Nobody asks how a number begins.
    editor.execute("DROP INDEX IF EXISTS cases_case_number_980c9551_like")


def _make(_apps, editor):
    for model, (_, _, index) in _KEYS.items():
        editor.execute(f"CREATE INDEX {index} ON cases_{model} (case_id)")


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_lists")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [RunSchema(_drop, _make)],
            [
                migrations.AlterField(
                    model,
                    "case",
                    models.ForeignKey(
                        db_index=False, on_delete=on_delete, related_name=name, to="cases.case"
                    ),
                )
                for model, (name, on_delete, _) in _KEYS.items()
            ],
        )
    ]
