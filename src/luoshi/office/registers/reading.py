"""What cells are read against: organs by any of their names, records of other registers by what they are written by."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from luoshi.office.duties import concern
from luoshi.office.organs import queries as organs
from luoshi.office.organs.models import Organ, OrganName
from luoshi.office.registers.declaration import Column, Register
from luoshi.office.registers.kinds import Fault, Reading


class Names:
    """Organs by name and name by organ, asked once each; refusals too."""

    def __init__(self, on: datetime.date) -> None:
        self._on = on
        self._slugs: dict[str, str | Fault] = {}
        self._titles: dict[str, str] = {}

    def slug(self, text: str) -> str:
        """Return the slug of the organ called `text`; a Fault proposes what may be meant."""
        if not self._slugs:
            self._load()
        if text not in self._slugs:
            self._slugs[text] = self._asked(text)
        found = self._slugs[text]
        if isinstance(found, Fault):
            raise found
        return found

    def _load(self) -> None:
        owners: dict[str, set[str]] = {}
        for slug, name in Organ.objects.values_list("slug", "name"):
            owners.setdefault(name, set()).add(slug)
            self._slugs[slug] = slug
        names = OrganName.objects.filter(ended=False, ambiguous=False)
        for text, slug in names.values_list("text", "organ__slug"):
            owners.setdefault(text, set()).add(slug)
        self._slugs |= {text: next(iter(slugs)) for text, slugs in owners.items() if len(slugs) == 1}

    def _asked(self, text: str) -> str | Fault:
        found = organs.resolve(text, self._on)
        if found.organ is not None:
            return found.organ.slug
        named = "、".join(one.title for one in found.candidates[:4])
        meant = f"，可能是：{named}" if named else "，请写全称或简称"
        return Fault("E_NOT_FOUND", f"不认识单位“{text[:20]}”{meant}")

    def title(self, slug: str) -> str:
        """Return the name of an organ."""
        if slug not in self._titles:
            self._titles |= concern.titles([slug], self._on)
        return self._titles.get(slug, slug)

    def learn(self, slugs: Iterable[str]) -> None:
        """Read the names of many organs at once."""
        if missing := {slug for slug in slugs if slug} - set(self._titles):
            self._titles |= concern.titles(missing, self._on)


class References:
    """Records of other registers: by what is written for them, and what they are called."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], int | None] = {}
        self._names: dict[tuple[str, int], str] = {}

    def find(self, column: Column, text: str, model: type) -> int | None:
        """Return the id of the record that `text` means, None for none."""
        key = (column.name, text)
        if key not in self._ids:
            rows = model._default_manager.filter(**{column.by: text})[:2]  # type: ignore[attr-defined]
            found = [row.pk for row in rows]
            self._ids[key] = found[0] if len(found) == 1 else None
        return self._ids[key]

    def learn_texts(self, column: Column, texts: Iterable[str], model: type) -> None:
        """Look many texts up at once."""
        wanted = [text for text in dict.fromkeys(texts) if (column.name, text) not in self._ids]
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            rows = model._default_manager.filter(**{f"{column.by}__in": part})  # type: ignore[attr-defined]
            known = {str(text): pk for text, pk in rows.values_list(column.by, "pk")}
            self._ids |= {(column.name, text): known.get(text) for text in part}

    def learn_names(self, column: Column, ids: Iterable[int], model: type) -> None:
        """Read what many records are called at once."""
        wanted = [pk for pk in dict.fromkeys(ids) if pk is not None and (column.name, pk) not in self._names]
        for start in range(0, len(wanted), 500):
            rows = model._default_manager.filter(pk__in=wanted[start : start + 500])  # type: ignore[attr-defined]
            called = column.called or column.by
            self._names |= {(column.name, pk): str(name) for pk, name in rows.values_list("pk", called)}

    def name(self, column: Column, pk: int, model: type) -> str:
        """Return what a record is called, its number where it is not there."""
        self.learn_names(column, [pk], model)
        return self._names.get((column.name, pk), str(pk))


def target(register: Register, column: Column) -> type:
    """Return the model a reference leads to."""
    found = register.model._meta.get_field(column.name).related_model
    assert isinstance(found, type), column.name
    return found


class Books:
    """The `Reading` of a register on a day, and what it has learnt."""

    def __init__(self, register: Register, on: datetime.date) -> None:
        self.register, self.names, self.references = register, Names(on), References()
        self._targets = {c.name: target(register, c) for c in register.columns if c.kind == "reference"}
        self.reading = Reading(
            today=on,
            organ=self.names.slug,
            titles=self.names.title,
            reference=lambda column, text: self.references.find(column, text, self._targets[column.name]),
            names=lambda column, pk: self.references.name(column, pk, self._targets[column.name]),
        )

    def learn(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Read the names of every organ and reference of many rows at once, so that none is asked for alone."""
        found = list(rows)
        for column in self.register.columns:
            if column.kind == "organ":
                self.names.learn(str(row[column.name]) for row in found if row.get(column.name))
            elif column.kind == "reference":
                ids = [pk for row in found if isinstance(pk := row.get(column.name), int)]
                self.references.learn_names(column, ids, self._targets[column.name])

    def learn_cells(self, column: Column, texts: Iterable[str]) -> None:
        """Look up what is written in a column of references at once."""
        if column.kind == "reference":
            self.references.learn_texts(column, texts, self._targets[column.name])
