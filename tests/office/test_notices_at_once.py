"""Two hundred signatures at the same moment; needs a database with more than one connection, so PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections, transaction

from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit import actions as audit
from luoshi.office.audit.proof import first_broken
from luoshi.office.notices import actions, numbers, queries
from luoshi.office.notices.models import Notice, Publication, TakenNumber
from tests.office import notices_made as made
from tests.office.test_two_at_once import at_once

SIGNATURES, CONNECTIONS = 200, 50


def each(function, things):
    """Call `function` with each of `things`, fifty at a time on connections of their own; return the results."""
    ready = threading.Barrier(CONNECTIONS)
    known = threading.local()

    def run(thing):
        if not getattr(known, "waited", False):
            known.waited = True
            ready.wait(120)
        return function(thing)

    def close(_):
        ready.wait(120)
        connections.close_all()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        results = list(pool.map(run, things))
        ready.reset()
        list(pool.map(close, range(CONNECTIONS)))
    return results


def test_two_hundred_signatures_leave_no_gap(transactional_db):
    made.register()
    clerk, head = made.clerk(), made.head()
    drafts = [made.letter(clerk).pk for _ in range(SIGNATURES)]
    signed = each(lambda pk: actions.sign(actor=head, notice=pk).number.n, drafts)
    assert sorted(signed) == list(range(1, SIGNATURES + 1))
    assert sorted(TakenNumber.objects.values_list("n", flat=True)) == list(range(1, SIGNATURES + 1))
    assert numbers.faults() == []
    assert first_broken() is None


def test_signatures_that_are_undone_leave_no_gap_either(transactional_db):
    made.register()
    clerk, head = made.clerk(), made.head()
    drafts = [made.letter(clerk).pk for _ in range(100)]

    def sign(pk):
        try:
            with transaction.atomic():
                actions.sign(actor=head, notice=pk)
                if pk % 3 == 0:
                    raise KeyError
        except KeyError:
            return None
        return pk

    done = [pk for pk in each(sign, drafts) if pk is not None]
    found = sorted(TakenNumber.objects.values_list("n", flat=True))
    assert found == list(range(1, len(done) + 1))
    assert queries.proof()["whole"]


def test_acts_that_come_to_the_trail_and_to_numbers_in_any_order_do_not_block_each_other(transactional_db):
    """One has the trail already when it signs, another signs first: neither waits for ever."""
    made.register()
    clerk, head = made.clerk(), made.head()
    drafts = [made.letter(clerk).pk for _ in range(60)]

    def sign(pk):
        with transaction.atomic():
            if pk % 2:
                audit.append(actor=head, act="test.before", subject=f"test:{pk}")
            actions.sign(actor=head, notice=pk)
            audit.append(actor=head, act="test.after", subject=f"test:{pk}")

    each(sign, drafts)
    assert numbers.faults() == []
    assert TakenNumber.objects.count() == 60


def test_one_paper_is_signed_once(transactional_db):
    made.register()
    paper = made.letter()
    heads = [made.head(), made.head("n-head-2")]
    told = []

    def sign(head):
        try:
            actions.sign(actor=head, notice=paper.pk)
            told.append("done")
        except LuoshiError as error:
            told.append(error.code)

    at_once(*[lambda head=head: sign(head) for head in heads])
    assert sorted(told) == ["E_STATE", "done"]
    assert TakenNumber.objects.count() == 1


def test_published_twice_at_once_is_published_once(transactional_db):
    made.register()
    paper, clerk = made.bulletin(), made.clerk()
    at_once(*[lambda: actions.publish(actor=clerk, notice=paper.pk, channels=["web", "feed"])] * 4)
    assert sorted(Publication.objects.values_list("channel", flat=True)) == ["feed", "web"]
    assert Notice.objects.get().state == "issued"
