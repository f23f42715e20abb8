"""A large whole file is made as a job and waits a week in a folder for whoever asked for it."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor, Grant
from luoshi.office.jobs.actions import Progress, enqueue, handler
from luoshi.office.jobs.models import Job
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import dossier
from luoshi.programmes.heavy_pollution.models import PollutionWarning

JOB = "pollution.dossier"
_KEPT_S = 7 * 86_400
_KEY = re.compile(r"[0-9a-f]{32}")


def later(*, actor: Actor, warning: PollutionWarning, purpose: str) -> Job:
    """Have the whole file made as a job; E_FORBIDDEN, E_PURPOSE as at once."""
    dossier.require_whole(actor)
    if not purpose.strip():
        raise LuoshiError("E_PURPOSE", "导出整卷须写明用途。", fields={"purpose": "必填"})
    grants = None if actor.trusted else [[grant.role.value, grant.organ] for grant in actor.grants]
    return enqueue(
        JOB, actor=actor, arguments={"warning": warning.pk, "purpose": purpose.strip()[:200], "grants": grants}
    )


@handler(JOB, "pollution.see")
def make(
    progress: Progress, actor: Actor, *, warning: int, purpose: str, grants: list[list[str]] | None
) -> dict[str, Any]:
    """Write the archive to the folder, with the roles its asker had, and say where it waits."""
    acting = actor
    if grants is not None:
        held = tuple(Grant(Role(role), organ) for role, organ in grants)
        acting = replace(actor, trusted=False, grants=held)
    row = PollutionWarning.objects.select_related("case", "response").get(pk=warning)
    folder = _folder()
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_S:
            old.unlink(missing_ok=True)
    key = secrets.token_hex(16)
    with (
        dossier.write(actor=acting, warning=row, purpose=purpose, report=progress) as made,
        (folder / f"{key}.zip").open("wb") as kept,
    ):
        shutil.copyfileobj(made, kept)
    told = {"warning": warning, "user": actor.user_id, "for": actor.for_id, "name": dossier.name_of(row)}
    (folder / f"{key}.json").write_text(json.dumps(told), encoding="utf-8")
    return {
        "href": reverse("pollution-dossier-file", args=[warning, key]),
        "bytes": (folder / f"{key}.zip").stat().st_size,
    }


def waiting(actor: Actor, warning: int, key: str) -> tuple[Path, str]:
    """Return a finished archive and its name; E_NOT_FOUND for anybody but who asked for it, and after a week."""
    refused = LuoshiError("E_NOT_FOUND", "没有这份整卷，或已过保留期（7 天）。请重新导出。")
    path = _folder() / f"{key}.zip"
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) if _KEY.fullmatch(key) else None
    except FileNotFoundError:
        told = None
    asked = {"warning": warning, "user": actor.user_id, "for": actor.for_id}
    if told is None or not path.exists() or any(told[name] != value for name, value in asked.items()):
        raise refused
    return path, str(told["name"])


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "dossiers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
