"""What stands under the drawn days of a limit: where it starts, what stopped or prolonged it, the calendar, silence."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from luoshi.kernel.dues import Due
from luoshi.site import ribbon
from luoshi.site.typography import date_words

_MOVING = ("pause", "extension", "roll", "revision")


def context(due: Due, today: date | None, silence: str = "") -> dict[str, Any]:
    """Return what `ls/derivation.html` draws; a pause is said even when there is none: nothing is left to guess."""
    steps = list(due.steps)
    start = [step for step in steps if step.rule == "start"] or steps[:1]
    moved = [step for step in steps if step.rule.startswith(_MOVING)]
    rest = [step for step in steps if step not in start and step not in moved]
    end = _("{day} 24:00 止").format(day=date_words(due.due_on)) if not due.inclusive else due.text
    return {
        "cells": ribbon.cells(due.cells, today),
        "start": start,
        "moved": moved,
        "rest": rest,
        "end": end,
        "silence": silence,
        "provisional": due.provisional,
        "calendar": due.calendar_version,
    }
