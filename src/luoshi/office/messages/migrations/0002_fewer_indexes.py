"""Messages of a person are found by the index that begins with the person: one of the person alone is only written."""

from django.conf import settings
from django.db import migrations, models

from luoshi.office.migrating import RunSchema

_INDEX = "messages_message_user_id_b038b90f"


def _drop(_apps, editor):
    editor.execute(f"DROP INDEX IF EXISTS {_INDEX}")


def _make(_apps, editor):
    editor.execute(f"CREATE INDEX {_INDEX} ON messages_message (user_id)")


class Migration(migrations.Migration):
    dependencies = [("messages", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [RunSchema(_drop, _make)],
            [
                migrations.AlterField(
                    "message",
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="messages",
                        to=settings.AUTH_USER_MODEL,
                    ),
                )
            ],
        )
    ]
