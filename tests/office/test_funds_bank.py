"""Payments, the bank's messages, statements, reconciliation: nothing is paid twice or booked wrongly."""

from __future__ import annotations

import datetime
import json

import pytest

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.models import AuditEntry
from luoshi.office.duties.matter_models import Matter
from luoshi.office.funds import bank, envelope, hooks, links, matching, payments, proof, queries, reconcile, statements
from luoshi.office.funds.actions import counter, decide, propose, propose_close, propose_counter
from luoshi.office.funds.models import (
    Alarm,
    BankMessage,
    Book,
    Difference,
    Draft,
    Entry,
    PaymentInstruction,
    Period,
    Posting,
    Sheet,
)
from luoshi.office.funds.orders import credit, debit
from luoshi.office.roles import Role
from tests.office import people
from tests.office.funds_made import (
    ACTOR,
    BANK,
    HAND,
    KEY,
    NUMBER,
    book,
    clock_at,
    funded,
    linked,
    message,
    movement,
    result,
)

D = datetime.date
TODAY = D(2019, 3, 5)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _day():
    clock_at(TODAY)
    yield
    CLOCK.release()


@pytest.fixture
def clerk():
    return people.actor("clerk", (Role.CLERK, "finance"))


@pytest.fixture
def head():
    return people.actor("head", (Role.REVIEWER, "finance"))


def code_of(act):
    with pytest.raises(LuoshiError) as caught:
        act()
    return caught.value.code


def net(ledger, account):
    return queries.balance(ledger.accounts[account])


PAYEE = payments.Payee("测试担保公司", "6222000000001234", "测试银行乳山支行")


def drafted(clerk, claim="DC2019-0001", fen=600, **more):
    events = payments.Events("J3", "J4", "J5", "J6")
    return payments.draft_payment(
        actor=clerk, book="trial/fund", claim=claim, lines=[("3101", "", fen)], payee=PAYEE,
        basis="乳政办发〔2018〕7号 十二", events=events, **more,
    )  # fmt: skip


@pytest.fixture
def fund():
    ledger = book()
    linked()
    funded(ledger, 1000, D(2019, 3, 1), txn="T0")
    return ledger


@pytest.fixture
def sent(fund, clerk, head):
    row = payments.check_payment(actor=head, payment=drafted(clerk).pk)
    return PaymentInstruction.objects.get(pk=row.pk)


def answer(data, **more):
    return bank.receive(data, **more)


# --- payments ---------------------------------------------------------------------------------------------------------


def test_payment_needs_another_hand_and_moves_the_bank_account_only_when_the_bank_has_paid(fund, clerk, head):
    row = drafted(clerk)
    assert code_of(lambda: payments.check_payment(actor=clerk, payment=row.pk)) == "E_FORBIDDEN"
    both = people.actor("both", (Role.CLERK, "finance"), (Role.REVIEWER, "finance"))
    own = drafted(both, "DC2")
    assert code_of(lambda: payments.check_payment(actor=both, payment=own.pk)) == "E_SELF"
    payments.check_payment(actor=head, payment=row.pk, version=1)
    assert (net(fund, "1001"), net(fund, "2002"), net(fund, "3101")) == (1000, 600, 600)
    out = json.loads(BankMessage.objects.get(way="out").body)
    assert (out["type"], out["instr_id"], out["amount_fen"], out["counter_account"]) == (
        "PAY",
        row.instr_id,
        600,
        PAYEE.number,
    )
    assert out["sig"] == envelope.signature(out["digest"], KEY)
    done = answer(result(row.instr_id, "success", 600, "T1"))
    assert done.data["state"] == "confirmed"
    assert (net(fund, "1001"), net(fund, "2002"), net(fund, "3101")) == (400, 0, 600)
    assert [one.event for one in Entry.objects.order_by("pk")] == ["J1", "J3", "J4"]
    assert "1234" in row.payee_tail
    assert PAYEE.number not in row.payee_sealed


def test_one_living_payment_a_claim_and_cover_is_asked_when_it_is_checked(fund, clerk, head):
    row = drafted(clerk)
    assert code_of(lambda: drafted(clerk)) == "E_DUPLICATE"
    assert drafted(clerk, part=2).claim_part == 2
    payments.check_payment(actor=head, payment=row.pk, accept=False, reason="账号不对")
    assert drafted(clerk, fen=500).state == "drafted"
    much = drafted(clerk, "DC9", 5000)
    payments.check_payment(
        actor=head, payment=much.pk
    )  # nothing forbids a claim beyond the cash, 1001 does not move yet
    assert answer(result(much.instr_id, "success", 5000, "T9")).data["booked"] is False
    assert Alarm.objects.get().code == "E_CAPACITY"
    assert net(fund, "1001") == 1000


def test_failed_payment_gives_the_money_back_and_its_claim_may_be_paid_anew(fund, sent, clerk):
    assert answer(result(sent.instr_id, "failed")).data["state"] == "failed"
    assert (net(fund, "1001"), net(fund, "2002"), net(fund, "3101")) == (1000, 0, 0)
    undo = Entry.objects.order_by("-pk").first()
    assert (undo.counter_of_id, undo.event) == (sent.instructed_id, "J5")
    assert drafted(clerk).instr_id != sent.instr_id


def test_final_result_is_never_replaced(fund, sent):
    answer(result(sent.instr_id, "success", 600, "T1"))
    assert answer(result(sent.instr_id, "success", 600, "T1")).result == "duplicate"
    for late in (result(sent.instr_id, "failed"), result(sent.instr_id, "success", 600, "T2")):
        assert code_of(lambda late=late: answer(late)) == "E_CONFLICT"
    assert net(fund, "1001") == 400
    assert Alarm.objects.count() == 2


def test_unknown_result_is_asked_and_not_paid_again(fund, sent, clerk):
    assert answer(result(sent.instr_id, "unknown")).data["state"] == "unknown"
    assert BankMessage.objects.filter(way="out", type="QUERY").count() == 1
    assert code_of(lambda: drafted(clerk)) == "E_DUPLICATE"
    assert net(fund, "2002") == 600
    answer(result(sent.instr_id, "success", 600, "T1"))
    assert net(fund, "1001") == 400


def test_not_found_ends_an_instruction_like_failed(fund, sent, clerk):
    answer(result(sent.instr_id, "unknown"))
    assert answer(result(sent.instr_id, "not_found")).data["state"] == "failed"
    assert drafted(clerk)


def test_returned_money_is_owed_again_and_reissued_without_a_second_charge(fund, sent, clerk, head):
    answer(result(sent.instr_id, "success", 600, "T1"))
    back = message("RETURNED", instr_id=sent.instr_id, bank_txn_no="T2", direction="C", amount_fen=600)
    assert answer(back).data["state"] == "returned"
    assert (net(fund, "1001"), net(fund, "2002"), net(fund, "3101")) == (1000, 600, 600)
    again = payments.reissue(actor=clerk, payment=sent.pk, payee=PAYEE._replace(number="6222000000005678"))
    assert code_of(lambda: payments.reissue(actor=clerk, payment=sent.pk)) == "E_DUPLICATE"
    payments.check_payment(actor=head, payment=again.pk)
    assert net(fund, "2002") == 600
    answer(result(again.instr_id, "failed"))
    assert net(fund, "2002") == 600
    third = payments.reissue(actor=clerk, payment=again.pk)
    payments.check_payment(actor=head, payment=third.pk)
    answer(result(third.instr_id, "success", 600, "T3"))
    assert (net(fund, "1001"), net(fund, "2002"), net(fund, "3101")) == (400, 0, 600)


def test_room_is_told_and_its_refusal_undoes_all(fund, sent, monkeypatch):
    told = []
    monkeypatch.setattr(hooks, "_HOOKS", {("trial", "payment.confirmed"): told.append})
    answer(result(sent.instr_id, "success", 600, "T1"))
    assert [(one.payment.claim, one.event) for one in told] == [("DC2019-0001", "payment.confirmed")]

    def refuse(_told):
        raise LuoshiError("E_RULE", "不行")

    monkeypatch.setattr(hooks, "_HOOKS", {("trial", "bank.movement"): refuse})
    assert answer(movement("T5", "C", 5)).data == {"booked": False, "reason": "E_RULE"}
    assert net(fund, "1001") == 400


# --- messages ---------------------------------------------------------------------------------------------------------


def test_unknown_money_goes_to_suspense_and_makes_a_task(fund):
    assert answer(movement("T1", "C", 70, counter_name="测试乙", ref="不认识")).data["booked"]
    assert (net(fund, "1001"), net(fund, "2003")) == (1070, 70)
    assert answer(movement("T2", "D", 30)).data["booked"]
    assert (net(fund, "1001"), net(fund, "1101")) == (1040, 30)
    assert Matter.objects.filter(module="funds").count() in (0, 2)
    assert AuditEntry.objects.filter(act="fund.bank_message").count() == 2


def test_room_says_where_a_movement_belongs(fund, monkeypatch):
    booking = hooks.Booking([credit("2001", 70, "甲")], "J1", "存入", "协议 甲")
    monkeypatch.setattr(hooks, "_HOOKS", {("trial", "bank.movement"): lambda told: booking})
    answer(movement("T1", "C", 70))
    assert queries.balance(fund.accounts["2001"], "甲") == 70


def test_debit_that_is_a_payment_on_its_way_is_its_success_once(fund, sent):
    own = movement("T1", "D", 600, ref=sent.instr_id, counter_account=PAYEE.number)
    assert answer(own).data["state"] == "confirmed"
    assert answer(result(sent.instr_id, "success", 600, "T1")).result == "duplicate"
    assert (net(fund, "1001"), net(fund, "1101")) == (400, 0)


def test_checks_come_in_the_printed_order(fund):
    first = movement("T1", "C", 70)
    body = json.loads(first)
    assert code_of(lambda: answer(movement("T1", "C", 7, bank="999999999999", key="x"))) == "E_ACCOUNT"
    assert code_of(lambda: answer(movement("T1", "C", 7, account="1", key="x"))) == "E_ACCOUNT"
    assert code_of(lambda: answer(movement("T1", "C", 7, key="x"))) == "E_SIG"
    assert code_of(lambda: answer(json.dumps({**body, "amount_fen": 71}).encode())) == "E_SIG"
    done = answer(first)
    assert answer(first).data == {"first": done.data}
    assert code_of(lambda: answer(movement("T9", "C", 7, msg_id=body["msg_id"]))) == "E_CONFLICT"
    assert answer(movement("T1", "C", 70)).result == "duplicate"
    for other in ({"amount_fen": 71}, {"direction": "D"}, {"business_date": "2019-03-04"}):
        changed = movement(**{"txn": "T1", "direction": "C", "fen": 70} | {"fen": other.get("amount_fen", 70)}
                           | ({"direction": "D"} if "direction" in other else {}),
                           **({"business_date": "2019-03-04"} if "business_date" in other else {}))  # fmt: skip
        assert code_of(lambda changed=changed: answer(changed)) == "E_TXN_CONFLICT"
    assert net(fund, "1001") == 1070
    assert sorted(Alarm.objects.values_list("code", flat=True)) == ["E_CONFLICT", "E_TXN_CONFLICT"]


@pytest.mark.parametrize(
    ("offset", "code"),
    [(10 * 60, ""), (10 * 60 + 1, "E_STALE"), (-24 * 3600, ""), (-24 * 3600 - 1, "E_STALE")],
)
def test_api_message_must_be_of_its_time_but_a_file_need_not(fund, offset, code):
    at = (CLOCK.now() + datetime.timedelta(seconds=offset)).isoformat()
    data = movement("T1", "C", 70, created_at=at)
    if code:
        assert code_of(lambda: answer(data)) == code
    assert answer(data, channel="file").result == "accepted" if code else answer(data).result == "accepted"


def test_second_key_holds_during_a_change(fund):
    new = "n" * 40
    links.set_link(actor=ACTOR, bank=BANK, name="试验银行", key=new, keep_old=datetime.timedelta(days=1))
    assert answer(movement("T1", "C", 1)).result == "accepted"
    assert answer(movement("T2", "C", 1, key=new)).result == "accepted"
    clock_at(TODAY + datetime.timedelta(days=2))
    assert code_of(lambda: answer(movement("T3", "C", 1))) == "E_SIG"
    assert answer(movement("T4", "C", 1, key=new)).result == "accepted"


def test_file_is_all_refused_by_its_trailer_and_else_taken_line_by_line(fund):
    good = [json.loads(movement(f"F{n}", "C", 10 + n)) for n in range(3)]
    good[1]["sig"] = "0" * 64
    name = f"{BANK}_{NUMBER}_20190305_01.jsonl"
    data = envelope.file_of(good)
    for broken, code in (
        (data[:-20], "E_FILE"), (data.replace(b'"count":3', b'"count":4'), "E_ROWS"),
        (data.replace(b'"sum_c":33', b'"sum_c":34'), "E_SUM"), (data.replace(b"F0", b"F9", 1), "E_HASH"),
    ):  # fmt: skip
        assert code_of(lambda broken=broken: bank.receive_file(name=name, data=broken)) == code
    assert net(fund, "1001") == 1000
    report = bank.receive_file(name=name, data=data)
    assert (report.accepted, report.duplicate, [(one["line"], one["code"]) for one in report.faults]) == (
        2,
        0,
        [(2, "E_SIG")],
    )
    again = bank.receive_file(name=name, data=data)
    assert (again.accepted, again.duplicate) == (0, 2)
    assert net(fund, "1001") == 1022


def test_messages_leave_as_a_file_once(fund, sent, clerk):
    name, data = links.write_file(actor=clerk, account=fund.accounts["1001"])
    assert name == f"{BANK}_{NUMBER}_20190305_01.jsonl"
    assert len(envelope.split(name, data)) == 1
    assert PaymentInstruction.objects.get().state == "sent"
    assert code_of(lambda: links.write_file(actor=clerk, account=fund.accounts["1001"])) == "E_STATE"
    clock_at(TODAY + datetime.timedelta(days=1))
    assert links.ask_silent() == 1
    assert links.ask_silent() == 0


# --- statements and reconciliation ------------------------------------------------------------------------------------

CSV = """日期,流水号,收入（元）,支出（元）,余额（元）,对方账号,对方户名,业务编号,摘要
2019-03-01,T0,10.00,,10.00,,,,拨款
2019-03-04,B1,0.70,,10.70,,测试乙,,来款
"""


def imported(fund, actor, text=CSV, name="a.csv"):
    return statements.import_file(actor=actor, account=fund.accounts["1001"], name=name, data=text.encode())


def test_statement_is_matched_by_number_and_what_is_left_is_a_difference_that_two_hands_settle(fund, clerk, head):
    statement = imported(fund, clerk)
    assert (statement.opening, statement.closing, statement.book_no) == (0, 1070, 1)
    row = Difference.objects.get(open=True)
    assert (row.sort, row.amount, row.due_on) == ("bank_only", 70, D(2019, 3, 7))
    sheet = reconcile.make_sheet(actor=clerk, account=fund.accounts["1001"], on=D(2019, 3, 4))
    assert (sheet.bank, sheet.book, sheet.bank_receipts, sheet.difference) == (1070, 1000, 70, 0)
    assert code_of(lambda: imported(fund, clerk)) == "E_DUPLICATE_FILE"
    draft = reconcile.propose_settle(actor=clerk, difference=row.pk)
    decide(actor=head, draft=draft.pk, accept=True)
    assert net(fund, "2003") == 70
    assert not Difference.objects.filter(open=True).exists()
    sheet = reconcile.make_sheet(actor=clerk, account=fund.accounts["1001"], on=D(2019, 3, 4))
    assert (sheet.number, sheet.bank_receipts, sheet.difference) == (2, 0, 0)
    assert reconcile.sign_sheet(actor=head, sheet=sheet.pk).checker_name
    assert code_of(lambda: reconcile.sign_sheet(actor=head, sheet=sheet.pk)) == "E_STATE"


def test_a_line_of_a_statement_is_booked_where_the_room_says_and_by_the_two_who_settle_it(
    fund, clerk, head, monkeypatch
):
    seen = []

    def moved(told):
        seen.append({name: told.message.get(name) for name in ("direction", "amount_fen", "business_date")})
        return hooks.Booking([credit("2001", 70, "甲")], "J7", "利息入账")

    monkeypatch.setitem(hooks._HOOKS, ("trial", "bank.movement"), moved)
    statement = imported(fund, clerk)
    row = Difference.objects.get(open=True)
    # Before it is settled its page tells how it will be booked; nothing is kept of the look.
    assert reconcile.outlook(fund.accounts["1001"], [row.line])[row.line.pk].memo == "利息入账"
    draft = reconcile.propose_settle(actor=clerk, difference=row.pk)
    assert reconcile.waiting(fund.accounts["1001"]) == {row.pk: draft.pk}
    assert draft.content["value_on"] == str(row.line.on)
    assert [(one.account, one.debit, one.credit) for one in reconcile.as_it_would_be(draft)] == [
        ("1001", 70, 0), ("2001", 0, 70),
    ]  # fmt: skip
    assert net(fund, "2001") == 0
    decide(actor=head, draft=draft.pk, accept=True)
    assert (net(fund, "2001"), net(fund, "2003")) == (70, 0)
    entry = Entry.objects.order_by("-pk").first()
    seal = queries.journal_rows([entry])[0].seal
    assert (entry.event, seal.maker, seal.checker) == ("J7", clerk.name, head.name)
    assert seen[-1] == {"direction": "C", "amount_fen": 70, "business_date": str(row.line.on)}
    assert reconcile.as_it_would_be(draft) == []
    # The same file is known before it is looked at.
    assert code_of(lambda: statements.of_file(fund.accounts["1001"], "b.csv", CSV.encode())) == "E_DUPLICATE_FILE"
    assert statement.count == 2


def test_money_nobody_knows_is_shown_as_it_will_wait(fund, clerk):
    imported(fund, clerk)
    draft = reconcile.propose_settle(actor=clerk, difference=Difference.objects.get(open=True).pk)
    assert [one.account for one in reconcile.as_it_would_be(draft)] == ["1001", "2003"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("10.70", "10.71", "E_INCOMPLETE"), ("0.70", "0.705", "E_INCOMPLETE"), ("B1", "T0", "E_INCOMPLETE"),
        ("2019-03-04", "2019-13-04", "E_INCOMPLETE"), ("2019-03-04", "2019-03-06", "E_INCOMPLETE"),
        ("流水号", "编号", "E_HEADER"), ("0.70,,", "0.70,0.70,", "E_INCOMPLETE"),
    ],
)  # fmt: skip
def test_faulty_statement_is_refused_with_its_place(fund, clerk, old, new, code):
    assert code_of(lambda: imported(fund, clerk, CSV.replace(old, new))) == code
    assert not Difference.objects.exists()


def test_statement_must_continue_the_last(fund, clerk):
    imported(fund, clerk)
    gap = CSV.replace("T0", "T8").replace("B1", "B8")
    assert code_of(lambda: imported(fund, clerk, gap)) == "E_INCOMPLETE"
    told = message("STATEMENT", opening=1069, closing=1069, lines=[])
    assert code_of(lambda: answer(told)) == "E_SUM"
    assert answer(message("STATEMENT", opening=1070, closing=1070, lines=[])).result == "accepted"
    line = {"bank_txn_no": "B9", "business_date": "2019-03-05", "direction": "D", "amount_fen": 70}
    assert code_of(lambda: answer(message("STATEMENT", opening=1070, closing=1001, lines=[line]))) == "E_SUM"
    assert answer(message("STATEMENT", opening=1070, closing=1000, lines=[line])).data["lines"] == 1


def test_line_of_a_payment_on_its_way_posts_it(fund, sent, clerk):
    text = CSV + f"2019-03-05,B2,,6.00,4.70,{PAYEE.number},测试担保公司,{sent.instr_id},代偿\n"
    imported(fund, clerk, text)
    assert PaymentInstruction.objects.get().state == "confirmed"
    assert net(fund, "1001") == 400
    sheet = reconcile.make_sheet(actor=clerk, account=fund.accounts["1001"], on=TODAY)
    assert (sheet.book, sheet.bank, sheet.difference) == (400, 470, 0)


def test_like_pairs_are_proposed_and_accepted(fund, clerk):
    from luoshi.office.funds.actions import post

    post(book="trial/fund", actor=ACTOR, key="m", value_on=D(2019, 3, 5), lines=[debit("1001", 70), credit("3001", 70)])
    imported(fund, clerk)
    found = matching.proposals(fund.accounts["1001"])
    assert [(one.line.bank_txn_no, one.posting.debit) for one in found] == [("B1", 70)]
    assert matching.accept(actor=clerk, account=fund.accounts["1001"], lines=[found[0].line.pk]) == 1
    assert not Difference.objects.filter(open=True).exists()


def test_entry_undone_before_the_bank_had_it_is_a_pair_and_no_difference(fund, clerk):
    """On the day of the counter-entry both go; on a day between the two the first stands open, and the sheet agrees."""
    from luoshi.office.funds.actions import post

    account = fund.accounts["1001"]
    lines = [debit("1001", 90), credit("3001", 90)]
    first = post(book="trial/fund", actor=ACTOR, key="twice", value_on=D(2019, 3, 2), lines=lines)
    imported(fund, clerk)
    odd = Difference.objects.get(sort="book_only", open=True)
    counter(book=fund.book.key, actor=ACTOR, entry=first.entry, key="undo", value_on=TODAY)
    answer(message("STATEMENT", opening=1070, closing=1070, lines=[]))
    odd.refresh_from_db()
    assert (odd.open, odd.how) == (False, "账内已由 JZ-0003 对冲")
    assert not Difference.objects.filter(sort="book_only", open=True).exists()
    assert [(one.debit, two.credit) for one, two in matching.latest_pairs(account, 9)] == [(90, 90)]
    between = reconcile.make_sheet(actor=clerk, account=account, on=D(2019, 3, 4))
    assert (between.book, between.book_receipts, between.book_payments, between.difference) == (1090, 90, 0, 0)
    after = reconcile.make_sheet(actor=clerk, account=account, on=TODAY)
    assert (after.book, after.book_receipts, after.book_payments, after.difference) == (1000, 0, 0, 0)


def test_difference_older_than_three_working_days_is_a_matter_of_its_holder(fund, clerk):
    imported(fund, clerk)
    assert reconcile.push_overdue() == 0
    clock_at(D(2019, 3, 8))
    assert reconcile.push_overdue() == 1


# --- two hands, months, proof -----------------------------------------------------------------------------------------


def test_entry_by_hand_takes_two(fund, clerk, head):
    lines = [debit("1001", 5), credit("3001", 5)]
    draft = propose(actor=clerk, book="trial/fund", value_on=TODAY, lines=lines, memo="利息", basis="银行回单 1")
    assert code_of(lambda: decide(actor=clerk, draft=draft.pk, accept=True)) == "E_FORBIDDEN"
    assert code_of(lambda: decide(actor=head, draft=draft.pk, accept=False)) == "E_INCOMPLETE"
    assert code_of(lambda: decide(actor=head, draft=draft.pk, accept=True, version=9)) == "E_VERSION"
    done = decide(actor=head, draft=draft.pk, accept=True, version=1)
    assert code_of(lambda: decide(actor=head, draft=draft.pk, accept=True)) == "E_STATE"
    entry = Entry.objects.get(pk=done.entry_id)
    assert (entry.seal.maker, entry.seal.checker) == (clerk.name, head.name)
    undo = propose_counter(actor=clerk, book="trial/fund", entry=entry.no, reason="重复")
    assert (
        code_of(lambda: propose_counter(actor=clerk, book="trial/fund", entry=entry.no, reason="重复")) == "E_DUPLICATE"
    )
    decide(actor=head, draft=undo.pk, accept=True)
    assert Draft.objects.get(pk=undo.pk).entry.counter_of_id == entry.pk
    outside = people.actor("other", (Role.CLERK, "housing"))
    assert (
        code_of(lambda: propose(actor=outside, book="trial/fund", value_on=TODAY, lines=lines, memo="x", basis="y"))
        == "E_NOT_FOUND"
    )


def test_months_are_closed_in_order_and_keep_their_figures(fund, clerk, head):
    assert code_of(lambda: propose_close(actor=clerk, book="trial/fund", month=D(2019, 3, 1))) == "E_NOT_YET"
    assert code_of(lambda: propose_close(actor=clerk, book="trial/fund", month=D(2019, 2, 1))) == "E_STATE"
    draft = propose_close(actor=clerk, book="trial/fund", month=D(2018, 1, 1))
    decide(actor=head, draft=draft.pk, accept=True)
    assert Period.objects.get().figures["1001"] == [0, 0, 0, 0]
    assert code_of(lambda: funded(fund, 1, D(2018, 1, 31), key="late")) == "E_STATE"
    closed = Book.objects.get(pk=fund.book.pk)
    assert [closed.open_day(D(2018, *day)) for day in ((1, 20), (1, 31), (2, 3))] == [
        D(2018, 2, 1), D(2018, 2, 1), D(2018, 2, 3),
    ]  # fmt: skip


def test_trial_balance_and_statement_show_every_day(fund):
    funded(fund, 50, D(2019, 2, 1), key="b")
    counter(book=fund, actor=ACTOR, entry=2, key="u", value_on=D(2019, 3, 2))
    trial = queries.trial_balance(fund.book, D(2019, 3, 1), D(2019, 3, 31))
    assert trial.balances
    row = next(one for one in trial.rows if one.account.code == "1001")
    assert (row.opening, row.debit, row.credit, row.closing) == (50, 1000, 50, 1000)
    assert (row.year_debit, row.year_credit, trial.year) == (1050, 50, (1100, 1100))
    account = fund.accounts["1001"]
    page = queries.account_statement(account, size=2)
    assert [one.after for one in page.rows] == [1000, 1050]
    older = queries.account_statement(account, size=2, after=page.page.next)
    assert [(one.after, one.posting.debit, one.others) for one in older.rows] == [(50, 50, ["3001 拨款"])]
    march = queries.account_statement(account, first_on=D(2019, 3, 1), last_on=D(2019, 3, 31))
    assert (march.opening, march.closing, len(march.rows)) == (50, 1000, 2)
    assert [queries.balance_on(account, day) for day in (D(2019, 1, 31), D(2019, 2, 1), D(2019, 3, 1))] == [0, 50, 1050]


def test_proof_is_whole_and_sees_what_was_tampered_with(fund, django_db_setup):
    from django.db import connection

    assert proof.prove(fund.book).faults == []
    second = proof.prove(fund.book, whole=True)
    assert (second.number, second.faults, second.debit) == (2, [], 1000)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER funds_posting_fixed")
        else:
            cursor.execute("ALTER TABLE funds_posting DISABLE TRIGGER USER")
        cursor.execute("UPDATE funds_posting SET debit = 999 WHERE debit = 1000")
    words = " ".join(proof.prove(fund.book, whole=True, keep=False).faults)
    for part in ("余额 1001", "日合计 1001", "分录 JZ-0001", "摘要不符"):
        assert part in words


def test_sheet_prints(fund, clerk):
    from luoshi.office.funds import sheets

    imported(fund, clerk)
    sheet = reconcile.make_sheet(actor=clerk, account=fund.accounts["1001"], on=D(2019, 3, 4))
    told = sheets.paper(Sheet.objects.select_related("account__book").get(pk=sheet.pk))
    assert told.title == "银行存款余额调节表"
    assert told.blocks[2]["rows"][3] == ["调节后余额", "10.70", "调节后余额", "10.70"]
    # Before eight in the morning it is still yesterday elsewhere; the paper bears the day here.
    Sheet.objects.filter(pk=sheet.pk).update(made_at=datetime.datetime(2019, 3, 5, 7, tzinfo=SHANGHAI))
    early = sheets.paper(Sheet.objects.select_related("account__book").get(pk=sheet.pk))
    assert early.blocks[-1]["rows"] == [[f"{clerk.name}　2019-03-05", "（待复核）", ""]]
    assert Posting.objects.count() == 2
    assert HAND
