"""Streams, who acted for whom and why, heads and seals; entries of before keep their digests as version 1."""

import luoshi.office.audit.models
from django.db import migrations, models
from django.db.models import Q

from luoshi.office.audit.triggers import append_only
from luoshi.office.migrating import RunSchema

_protect, _release = append_only("audit_auditentry")


def _number(apps, editor):
    """Number the entries of before in their order and note the head of their stream."""
    editor.execute(
        "UPDATE audit_auditentry SET position = numbered.place, received_at = at FROM "
        "(SELECT id AS entry, row_number() OVER (ORDER BY id) AS place FROM audit_auditentry) AS numbered "
        "WHERE numbered.entry = audit_auditentry.id"
    )
    editor.execute(
        "INSERT INTO audit_audithead (stream, position, received_at, digest) "
        "SELECT 'office', position, received_at, digest FROM audit_auditentry ORDER BY id DESC LIMIT 1"
    )


STREAMS = [("office", "办理"), ("sensitive", "敏感信息读取"), ("access", "登录与拒绝")]


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.RunPython(_release, _protect),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("stream", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField()),
                ("received_at", models.DateTimeField(null=True)),
                ("digest", models.CharField(max_length=64)),
            ],
        ),
        migrations.AddField("auditentry", "version", models.PositiveSmallIntegerField(default=1)),
        migrations.AddField(
            "auditentry", "stream", models.CharField(choices=STREAMS, default="office", max_length=12)
        ),
        migrations.AddField("auditentry", "position", models.BigIntegerField(null=True)),
        migrations.AddField("auditentry", "received_at", models.DateTimeField(null=True)),
        migrations.AddField("auditentry", "user_id", models.BigIntegerField(null=True)),
        migrations.AddField("auditentry", "role", models.CharField(default="", max_length=16)),
        migrations.AddField("auditentry", "organ", models.CharField(default="", max_length=80)),
        migrations.AddField("auditentry", "for_id", models.BigIntegerField(null=True)),
        migrations.AddField("auditentry", "for_name", models.CharField(default="", max_length=100)),
        migrations.AddField("auditentry", "purpose", models.CharField(default="", max_length=200)),
        migrations.AddField("auditentry", "basis", models.CharField(default="", max_length=200)),
        migrations.AddField("auditentry", "request_id", models.CharField(default="", max_length=40)),
        migrations.AddField("auditentry", "key", models.CharField(default="", max_length=100)),
        migrations.AlterField("auditentry", "before", luoshi.office.audit.models.CanonicalJSON(null=True)),
        migrations.AlterField("auditentry", "after", luoshi.office.audit.models.CanonicalJSON(null=True)),
        migrations.RunPython(_number, migrations.RunPython.noop),
        migrations.AlterField("auditentry", "version", models.PositiveSmallIntegerField(default=2)),
        migrations.AlterField("auditentry", "position", models.BigIntegerField()),
        migrations.AlterField("auditentry", "received_at", models.DateTimeField()),
        migrations.AlterField("auditentry", "digest", models.CharField(max_length=64)),
        migrations.AddConstraint(
            "auditentry", models.UniqueConstraint(fields=["stream", "position"], name="audit_position")
        ),
        migrations.AddIndex("auditentry", models.Index(fields=["who", "id"], name="audit_who")),
        migrations.AddIndex("auditentry", models.Index(fields=["act", "id"], name="audit_act")),
        migrations.AddIndex("auditentry", models.Index(fields=["organ", "id"], name="audit_organ")),
        migrations.AddIndex("auditentry", models.Index(fields=["received_at", "id"], name="audit_received")),
        migrations.AddIndex("auditentry", models.Index(fields=["result", "id"], name="audit_result")),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(choices=STREAMS, max_length=12)),
                ("number", models.PositiveIntegerField()),
                ("day", models.DateField()),
                ("position", models.BigIntegerField()),
                ("count", models.BigIntegerField()),
                ("head", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("signature", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["stream", "number"], name="seal_number"),
                    models.CheckConstraint(condition=Q(count__gte=0, position__gte=0), name="seal_counts"),
                ],
            },
        ),
        migrations.CreateModel(
            name="KeptAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asker", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=100)),
                ("body_digest", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField(default=b"")),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["asker", "key"], name="answer_key")],
                "indexes": [models.Index(fields=["at"], name="answer_at")],
            },
        ),
        RunSchema(*append_only("audit_auditentry")),
        RunSchema(*append_only("audit_auditseal")),
    ]
