"""Load the demonstration city, so that a stranger sees the work as it is on an ordinary day."""

from __future__ import annotations

from collections.abc import Iterator

from luoshi.office.accounts.demo import load_people
from luoshi.office.notices.demo import load_papers
from luoshi.site.demo_city import load_city
from luoshi.site.registry import load_programmes


def load_demonstration() -> Iterator[str]:
    """Open the invented accounts and play the city, yielding in words what was done; twice is as once."""
    yield f"演示账号：新开 {load_people()} 个。"
    yield from load_city()
    yield from load_papers()
    for one in load_programmes():
        if one.demo is not None:
            yield from one.demo()
