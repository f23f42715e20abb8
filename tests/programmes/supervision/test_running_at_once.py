"""Letters signed at the same moment; needs a database with more than one connection, so PostgreSQL."""

from __future__ import annotations

from typing import Any

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties.matter_models import Matter
from luoshi.office.notices import numbers
from luoshi.office.notices.models import TakenNumber
from luoshi.programmes.supervision import letters
from tests.office.test_notices_at_once import CONNECTIONS, each
from tests.programmes.supervision import running_made as made

SIGNATURES = 200


def test_two_hundred_letters_signed_at_once_leave_no_gap(transactional_db: Any) -> None:
    try:
        made.at("2019-05-08T09:00")
        supervisor, director = made.supervisor(), made.director()
        matter = made.leaf("2019-06-30")
        Matter.objects.filter(pk=matter.pk).update(late_on=CLOCK.today())
        drafts = [letters.draft(actor=supervisor, organ="finance", matters=[matter.pk]).pk for _ in range(SIGNATURES)]
        signed = each(lambda pk: letters.sign(actor=director, letter=pk, deliver_now=False).number, drafts)
    finally:
        CLOCK.release()
    assert CONNECTIONS > 1
    assert len(set(signed)) == SIGNATURES
    assert sorted(TakenNumber.objects.values_list("n", flat=True)) == list(range(1, SIGNATURES + 1))
    assert numbers.faults() == []
