"""Which cited texts have a page here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from luoshi.kernel.citation import Citation, clause_url
from luoshi.office.instruments.queries import known_keys
from luoshi.office.instruments.validity import Validity


def library_addresses(judged: Sequence[Validity]) -> Callable[[str], str]:
    """Return a function from a citation as printed to its address here, '' where the library has not the text."""
    cited = {
        reason.citation: Citation.parse(reason.citation)
        for item in judged
        for reason in item.reasons
        if reason.citation
    }
    known = known_keys([str(c.instrument) for c in cited.values() if c is not None])

    def address(text: str) -> str:
        citation = cited.get(text)
        if citation is None or str(citation.instrument) not in known:
            return ""
        return clause_url(str(citation.instrument), citation.locator.path)

    return address
