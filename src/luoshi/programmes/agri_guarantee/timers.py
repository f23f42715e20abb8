"""What happens by itself: the halt line is looked at again, for entries that were booked by hand."""

from __future__ import annotations

import datetime

from luoshi.kernel.clock import day_of
from luoshi.office.actors import Actor
from luoshi.office.funds.models import Book
from luoshi.office.timer import timer
from luoshi.programmes.agri_guarantee import archiving, fund, owing


@timer("agri_guarantee.halt", every=datetime.timedelta(minutes=10), catch_up=False)
def look_at_halt_line(_moment: datetime.datetime) -> int:
    """Look at the halt line; return 1 when new guarantees were suspended."""
    book = Book.objects.filter(key=fund.BOOK).first()
    if book is None:
        return 0
    return int(fund.watch(book, actor=Actor.system("系统", "timer"), trigger="定时查看") is not None)


@timer("agri_guarantee.lapse", at=datetime.timedelta(hours=1), catch_up=False)
def lapse_archives(_moment: datetime.datetime) -> int:
    """Let archives lapse that were not renewed; return how many."""
    return archiving.lapse()


@timer("agri_guarantee.owing", at=datetime.timedelta(hours=2), catch_up=False)
def what_is_owed(moment: datetime.datetime) -> int:
    """Let the duties of the month, the quarter and the year fall due; return how many are new."""
    return owing.owe(day_of(moment))
