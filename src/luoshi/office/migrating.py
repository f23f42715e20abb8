"""What migrations do beside Django's own operations: triggers, guards and search tables, which are SQL only."""

from __future__ import annotations

from typing import Any

from django.db.migrations import RunPython

_NO_MODELS: Any = None


class RunSchema(RunPython):
    """Runs functions of (None, editor) that ask for no model.

    RunPython has all models of the day made anew before each: half of the time a new database took.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: D102
        self.code(_NO_MODELS, schema_editor)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: D102
        if self.reverse_code is None:
            raise NotImplementedError("this operation cannot be undone")
        self.reverse_code(_NO_MODELS, schema_editor)
