"""The target of an indicator in a period: a fixed value, a dated parameter of the book, or what the room says."""

from __future__ import annotations

from decimal import Decimal

from luoshi.kernel.errors import LuoshiError
from luoshi.office.indicators.declaration import Indicator, Target
from luoshi.office.indicators.figures import Held
from luoshi.office.indicators.spans import Span
from luoshi.office.parameters.book import Book, current


class TargetsOf:
    """The targets of an indicator; the parameter book is read once."""

    def __init__(self, indicator: Indicator) -> None:
        self._indicator = indicator
        self._book: Book | None = None

    def on(self, span: Span, place: str) -> Held | None:
        """Return the target that holds on the period's last day; None where there is none or the book has no value."""
        target = self._indicator.target
        if target is None:
            return None
        if not isinstance(target, Target):
            return target(span, place)
        if target.value is not None:
            return Held(
                Decimal(target.value), target.direction, target.aim, target.citation or self._indicator.citation
            )
        return self._of_parameter(target, span)

    def _of_parameter(self, target: Target, span: Span) -> Held | None:
        room, _, name = target.parameter.partition(".")
        if self._book is None:
            self._book = current()
        try:
            dated = self._book.parameter(room, name).on(span.last)
        except LuoshiError as error:
            if error.code != "E_PARAMETER_MISSING":
                raise
            return None
        citation = target.citation or (str(dated.citation) if dated.citation else self._indicator.citation)
        return Held(Decimal(dated.value), target.direction, target.aim, citation)
