"""The health page: every check says how it stands and what to do; one that breaks is a fault, not an error page."""

from __future__ import annotations

import datetime
import json
import shutil
from collections import namedtuple

import pytest
from django.db import DatabaseError

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.jobs.models import Job
from luoshi.office.messages.models import Mail
from luoshi.site import health

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def elsewhere(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    yield
    CLOCK.release()


def states():
    return {check.key: check.state for check in health.run()}


def test_page_shows_every_check(client):
    response = client.get("/system/health/")
    assert [row.key for row in response.context["rows"]] == [name for name, _, _ in health._CHECKS]
    assert client.get("/api/v1/health").json()[0]["key"] == "database"


def test_new_system_has_nothing_but_a_backup_to_make():
    told = states()
    told.pop("calendar")
    assert told.pop("backup") == "warn"
    assert set(told.values()) == {"ok"}


def test_what_goes_wrong_is_said_with_a_remedy(settings, monkeypatch, tmp_path):
    now = CLOCK.now()
    append(actor=Actor.system("测试甲", "test"), act="x.y", subject="x:1")
    Job.objects.create(kind="import", by="测试甲", created_at=now - datetime.timedelta(hours=1))
    settings.SMTP_URL = "smtp://mail.example"
    Mail.objects.create(
        key="k", to="a@example.cn", subject="s", body="b", state="failed", made_at=now, next_at=now, error="no server"
    )
    (tmp_path / "audit.key").write_text("x")
    (tmp_path / "audit.key").chmod(0o644)
    line = {"at": (now - datetime.timedelta(days=5)).isoformat(), "file": str(tmp_path)}
    (tmp_path / "backups.jsonl").write_text(json.dumps(line) + "\n")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12, 10**6))
    CLOCK.set(now + datetime.timedelta(days=4))
    wanted = {"jobs": "fail", "mail": "warn", "folder": "warn", "backup": "warn", "disk": "fail", "seal": "fail"}
    told = health.run()
    assert {check.key: check.state for check in told if check.key in wanted} == wanted
    assert all(check.remedy for check in told if check.state != "ok")
    assert health.worst(told) == "fail"


def test_missing_trigger_is_a_fault(monkeypatch):
    monkeypatch.setattr("luoshi.office.audit.triggers.unguarded", lambda: ["audit_auditentry_no_update"])
    assert states()["protection"] == "fail"


def test_check_that_breaks_is_a_fault(monkeypatch):
    def breaks():
        raise DatabaseError("gone")

    monkeypatch.setattr(health, "_CHECKS", [("x", "某项", breaks)])
    [check] = health.run()
    assert (check.state, check.words) == ("fail", "gone")


def test_plain_health_for_monitors_stays_open(db):
    from django.test import Client

    assert Client().get("/health").json()["status"] == "ok"
