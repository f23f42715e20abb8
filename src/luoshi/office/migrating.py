"""What migrations do beside Django's own operations: triggers, guards and search tables, which are SQL only.

And how they are drawn up: for every model that a migration adds, Django draws up anew all models that are related to it
by any chain, with some two hundred tables nearly all of them, each time. A model that is new changes nothing in those
that are there: to draw up itself is enough. A new database takes a third of the time, the tables are the same. Only who
refers to an older model is not known there: no migration may change a key that others refer to (tested).
"""

from __future__ import annotations

from typing import Any

from django.db.migrations import RunPython
from django.db.migrations.state import ModelState, ProjectState

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


def draw_only_what_is_new() -> None:
    """Let migrations of this process draw up only the model that is added; call it before they run."""
    ProjectState.add_model = _add_model  # type: ignore[method-assign]


def _add_model(self: ProjectState, model_state: ModelState) -> None:
    key = model_state.app_label, model_state.name_lower
    self.models[key] = model_state
    if self._relations is not None:  # type: ignore[attr-defined]
        self.resolve_model_relations(key)
    if "apps" in self.__dict__:
        self.apps.render_multiple([model_state])
