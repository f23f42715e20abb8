"""What the readers of one document share: the record they fill in, the directory of organs, and where to warn."""

from __future__ import annotations

from collections.abc import Sequence

from luoshi.gazette import records
from luoshi.gazette.heads import Document
from luoshi.gazette.organs import Directory
from luoshi.gazette.records import Organ


class Sheet:
    """One document under reading: `instrument` is its record, `result` the file's, `issued_on` dates its organs."""

    def __init__(
        self, document: Document, instrument: records.Instrument, result: records.Compilation, directory: Directory
    ) -> None:
        self.document = document
        self.instrument = instrument
        self.result = result
        self.directory = directory
        self.issued_on = document.issued_on
        self.local_place = directory.place is not None and directory.place in (document.issuer or "")
        self._organs: dict[str, Organ] = {}

    def organ(self, name: str) -> Organ:
        """Return an organ with its slug; all that name it share the one record.

        Only instruments of the directory's own place are given slugs.
        """
        organ = self._organs.get(name)
        if organ is None:
            slug = self.directory.resolve(name, self.issued_on) if self.local_place else None
            organ = self._organs[name] = Organ(name, slug)
        return organ

    def organs(self, names: Sequence[str]) -> list[Organ]:
        """Return the organs of a list of names."""
        known = self._organs
        return [known.get(name) or self.organ(name) for name in names] if names else []

    def warn(self, code: str, message: str, start: int, end: int) -> None:
        """Tell the reader what to check, and where."""
        self.result.warnings.append(records.Warning(code, message, start, end, self.instrument.number))

    def repair(self, kind: str, start: int, end: int, before: str, after: str = "") -> None:
        """Note what was mended."""
        self.result.repairs.append(records.Repair(kind, start, end, before, after))
