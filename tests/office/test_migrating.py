"""Migrations draw up only the model that is new; what that way could get wrong no migration does."""

from __future__ import annotations

from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AlterField, RenameField, RenameModel
from django.db.migrations.state import ModelState, ProjectState

from luoshi.office.migrating import draw_only_what_is_new


def test_a_new_model_is_drawn_up_and_the_others_stay_as_they_are():
    draw_only_what_is_new()
    state = ProjectState()
    state.add_model(ModelState("trial", "Book", [("id", models.AutoField(primary_key=True))]))
    book = state.apps.get_model("trial", "Book")
    later = state.clone()
    later.add_model(
        ModelState(
            "trial", "Entry",
            [("id", models.AutoField(primary_key=True)), ("book", models.ForeignKey("trial.Book", models.PROTECT))],
        )
    )  # fmt: skip
    assert later.apps.get_model("trial", "Book") is book
    assert later.apps.get_model("trial", "Entry")._meta.get_field("book").related_model is book
    assert ("trial", "entry") not in state.models


def test_no_migration_changes_a_key_that_other_tables_refer_to():
    """A model that stayed as it was does not know who refers to it: such a change needs them drawn up first."""
    ours = [
        (key, operation)
        for key, migration in MigrationLoader(None).disk_migrations.items()
        if type(migration).__module__.startswith("luoshi.")
        for operation in migration.operations
    ]
    assert len(ours) > 200
    changed = [
        (key, operation.describe())
        for key, operation in ours
        if isinstance(operation, RenameModel)
        or (isinstance(operation, AlterField | RenameField) and getattr(operation, "name", "") == "id")
        or (isinstance(operation, AlterField) and operation.field.primary_key)
    ]
    assert changed == []
