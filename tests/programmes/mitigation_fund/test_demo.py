"""The demonstration of the fund: what a stranger finds on its pages, what a bank may not see, its forms."""

from __future__ import annotations

import datetime
import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import strip_tags
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.demo import load_people
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import elsewhere_of
from luoshi.office.cases.models import Case, CaseClock, CaseEvent, CasePaper
from luoshi.office.funds import payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.funds.orders import Hand
from luoshi.office.indicators.declaration import CITY, find
from luoshi.office.indicators.models import Measurement
from luoshi.office.parameters import book as parameters
from luoshi.office.roles import Role
from luoshi.programmes.mitigation_fund import board, demo, fund, indicators, lending, monitoring, owing
from luoshi.programmes.mitigation_fund.fund import ROOM
from luoshi.programmes.mitigation_fund.models import Agreement, Application, Benchmark, Claim, Firm, Holder, Loan
from luoshi.site.registry import load_decisions, load_programmes
from tests.office.people import actor, client_of, person
from tests.programmes import case_pages


@pytest.mark.django_db
def test_the_demonstration_shows_the_fund_at_work(django_assert_max_num_queries):
    CLOCK.release()
    load_decisions()
    load_programmes()
    load_people()
    assert len(list(demo.load())) == 1
    assert {one.code[6:14] for one in Holder.objects.all() if one.code[:6] == "371083"} == {"19000101"}
    assert Holder.objects.count() == 3 * Firm.objects.count()
    assert {one.name[:2] for one in Holder.objects.all()} == {"测试"}
    states = set(Application.objects.values_list("case__state", flat=True))
    assert {
        "applied",
        "listed",
        "circulated",
        "disbursed",
        "filed",
        "overdue",
        "reported",
        "rejected",
        "repaid",
    } <= states
    assert Claim.objects.get().state == "paid"
    assert fund.faults() == []
    what_stands_on_the_pages(django_assert_max_num_queries)
    what_the_indicators_say()
    papers_and_limits_are_there()
    a_bank_sees_its_own_files_only()
    assert case_pages.refused() == {}
    steps_that_come_by_themselves_lead_where_they_are_taken()
    a_payee_s_account_is_not_told_in_a_story()
    what_the_room_refuses_is_said_on_the_page_of_the_entry()
    a_risk_is_reported_and_a_breach_is_shown()
    a_bank_takes_an_application_in()
    the_api_answers()
    the_year_and_the_records_behind_figures()
    a_bank_is_scored_each_quarter()
    the_rate_follows_the_prime_rate_from_a_day_on()
    a_return_that_unprotects_loans_is_voted_on()
    before = Case.objects.count()
    assert "已装入过" in next(iter(demo.load()))
    assert Case.objects.count() == before


def shown(client, name: str, *args: str) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


def what_stands_on_the_pages(most_queries) -> None:
    centre = client_of(User.objects.get(login="jinfu1"))
    with most_queries(60):
        html = shown(centre, "mitigation")
    # 5,000,000 + 2,000,000 paid in, half of a loss of 2,300,000 paid out, 100,000 come back.
    assert "5,950,000.00" in html
    assert "等三家会签" in html
    assert "已审核" in html
    assert "须报告并启动追偿" not in html
    bank = shown(centre, "mitigation-bank", demo.BANK)
    assert "可贷总额" in bank
    firm = shown(centre, "mitigation-firm", demo.credit_code(0))
    assert "24 / 36" in firm
    assert "7%" in firm
    assert "7.0000%" not in firm
    assert "今天最高年利率 7%" in html
    delisted = shown(centre, "mitigation-firm", demo.credit_code(11))
    assert "不符合" in delisted
    assert "测试丁新材料公司" in shown(centre, "mitigation-firms")
    claim = shown(centre, "mitigation-claim", Claim.objects.get().number)
    assert "1,150,000.00" in claim
    assert "100,000.00" in claim
    # What the fund paid was not cut by what it has today.
    assert "首次指令时的专户可用余额" in claim
    assert "足够" in claim
    assert client_of(User.objects.get(login="jinfu1")).post(reverse("mitigation-circular")).status_code == 303
    assert centre.get(reverse("mitigation-bank", args=["000000000000"])).status_code == 404
    visitor = shown(client_of(User.objects.get(login="nongye1")), "open-mitigation")
    assert "每户不超过" in visitor
    tried = centre.get(reverse("open-mitigation"), {"board": "QILU", "amount": "3000000.01"}).content.decode()
    assert "不可以，最多 3,000,000.00 元" in tried
    for odd, word in (("-5", "应大于零"), ("0", "应大于零"), ("三百万", "不是金额")):
        tried = centre.get(reverse("open-mitigation"), {"board": "QILU", "amount": odd}).content.decode()
        assert (word in tried, "“amount”" in tried) == (True, False)


def what_the_indicators_say() -> None:
    today = CLOCK.today()
    months = find(f"{ROOM}.in_place").spans_between(today.replace(day=1), today)
    this = months[-1]
    keys = ("in_place", "allocated", "leverage", "firms", "loans", "rate", "passed", "days", "reports_on_time",
            "overdue", "loss")  # fmt: skip
    measured = Measurement.objects.filter(place="", indicator__in=[f"{ROOM}.{key}" for key in keys])
    assert set(measured.values_list("indicator", flat=True)) == {f"{ROOM}.{key}" for key in keys}
    assert indicators.in_place(this)[CITY] == 5_950_000
    assert indicators.compensated(this)[CITY] == 1_150_000
    assert indicators.allocated(this)[CITY] == 7_000_000
    row = Agreement.objects.select_related("book").get(bank=demo.BANK)
    assert indicators.used(this)[demo.ORGAN] * 100 == fund.use_of(row)
    before = find(f"{ROOM}.in_place").spans_between(
        monitoring.month_before(today, 5), monitoring.month_before(today, 5)
    )
    # The first loan of the first firm was outstanding before it was repaid.
    assert indicators.outstanding(before[0])[CITY] > 0
    # What passed in a month stays that month's, however far its case has gone since; its record is found by its number.
    first = Application.objects.order_by("passed_at").filter(passed_at__isnull=False).first()
    then = find(f"{ROOM}.passed").spans_between(first.passed_at.date(), first.passed_at.date())[0]
    assert first.case.entered_at > then.ends
    assert indicators.passed(then)[CITY] == 1
    centre = client_of(User.objects.get(login="jinfu1"))
    records = find(f"{ROOM}.overdue").denominator.rows(hand("jinfu1"), this, "")
    assert {centre.get(records.shown(row).href).status_code for row in records.rows} == {200}
    said = Measurement.objects.filter(indicator=f"{ROOM}.loss", place="", period=this.key).get()
    assert Decimal(said.numerator or 0) == 1_150_000


def papers_and_limits_are_there() -> None:
    kinds = "review_slip joint_result filing_receipt overdue_report computation decision"
    assert set(kinds.split()) <= set(CasePaper.objects.values_list("kind", flat=True))
    # Of the rejected one and of those that passed; never more than one a case.
    results = CasePaper.objects.filter(kind="joint_result").values_list("case", flat=True)
    assert len(results) == len(set(results)) == 8
    clocks = CaseClock.objects.filter(case__procedure="mitigation_fund.application", state="running")
    assert set(clocks.values_list("limit", flat=True)) == {"filing", "overdue_report"}
    centre = client_of(User.objects.get(login="jinfu1"))
    for name in ("firms", "listings", "windows", "benchmarks", "reports"):
        assert centre.get(f"/registers/mitigation_fund.{name}/").status_code == 200


def the_year_and_the_records_behind_figures() -> None:
    centre, year = client_of(User.objects.get(login="jinfu1")), CLOCK.today().year
    assert "5,950,000.00" in shown(centre, "mitigation-year", year)
    book = centre.get(reverse("mitigation-year-export", args=[year])).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    # Amounts are numbers, so that they can be added up.
    assert next(row for row in rows if row[1] == "F")[6] == 5_950_000.0
    assert sum(row[6] for row in rows if row[0] != "各行合计" and row[1] == "3001") == 7_000_000.0
    told = centre.get(f"/api/v1/mitigation/years/{year}").json()
    assert told["fund"]["closing"] == 595_000_000
    assert {one["code"]: one["closing"] for one in told["lines"]}["3101"] == 115_000_000
    bank = client_of(User.objects.get(login="nongshang1"))
    assert bank.get(reverse("mitigation-year", args=[year])).status_code == 404
    assert centre.get(reverse("mitigation-year", args=[1999])).status_code == 404
    who, today = actor("centre", (Role.CLERK, fund.ORGAN)), CLOCK.today()
    span = find(f"{ROOM}.passed").spans_between(today.replace(month=1, day=1), today)
    for key in ("passed", "days", "reports_on_time", "overdue"):
        one = find(f"{ROOM}.{key}")
        for part in (one.numerator, one.denominator):
            for each in span:
                records = part.rows(who, each, "")
                shown_rows = [records.shown(row) for row in records.rows]
                if key in ("passed", "reports_on_time"):
                    assert len(shown_rows) == part.count(each)[CITY], (key, part.title, each)
    assert any(find(f"{ROOM}.overdue").denominator.rows(who, span[-1], "").rows)


def a_bank_is_scored_each_quarter() -> None:
    centre, row = client_of(User.objects.get(login="jinfu1")), Agreement.objects.get(bank=demo.BANK)
    case = Case.objects.filter(procedure="mitigation_fund.agreement", state="signed", facts__bank=demo.BANK).first()
    case = case or signed(row)
    with pytest.raises(LuoshiError, match="季度"):
        cases.act(
            actor=hand("jinfu1"), case=case.pk, step="review", data={"score": "90", "quarter": "2999Q1", "remarks": "x"}
        )
    cases.act(actor=hand("jinfu1"), case=case.pk, step="review", data={"score": "88.5", "remarks": "按时报送"})
    assert row.scores.get().quarter == owing.quarter_of(CLOCK.today())
    html = shown(centre, "mitigation-bank", demo.BANK)
    assert "88.5" in html
    assert "季度绩效评价" in html


def signed(row: Agreement) -> Case:
    """Return a signed agreement's case for a bank the demonstration opened without one."""
    opened = cases.open_case(
        actor=Actor.system("测试", "test"), procedure="mitigation_fund.agreement", title=row.name, organ=fund.ORGAN,
        facts={"bank": "999999999999", "bank_name": row.name, "account": "1", "multiple": "9"},
    )  # fmt: skip
    facts = opened.facts | {"bank": row.bank}
    Case.objects.filter(pk=opened.pk).update(state="signed", facts=facts)
    return opened


def centre_page(href: str) -> str:
    return client_of(User.objects.get(login="jinfu1")).get(href).content.decode()


def hand(login: str) -> Actor:
    return standing(User.objects.get(login=login)).actor("web")


def the_rate_follows_the_prime_rate_from_a_day_on() -> None:
    day = CLOCK.today()
    told = {"from_on": day.isoformat(), "document": "测试〔2020〕1号", "why": "改随报价利率"}
    with pytest.raises(LuoshiError, match="还没有登记"):
        open_switch(told)
    Benchmark.objects.create(series="LPR_1Y", day=day, rate=Decimal("4.25"))
    case = open_switch(told)
    assert parameters.current().values(ROOM, day)["bench_series"] == "LOAN_1Y"
    head = actor("head", (Role.LEADER, fund.ORGAN))
    with pytest.raises(LuoshiError):
        cases.act(actor=head, case=case.pk, step="decide")
    cases.act(actor=actor("money", (Role.LEADER, "finance")), case=case.pk, step="agree")
    before = lending.highest_rate(day)
    cases.act(actor=head, case=case.pk, step="decide")
    # The cap of the day is kept; a lower prime rate lowers it from then on; the day before stays what it was.
    assert lending.highest_rate(day) == before == "7.0000"
    Benchmark.objects.create(series="LPR_1Y", day=day + datetime.timedelta(days=1), rate=Decimal("3.85"))
    assert lending.highest_rate(day + datetime.timedelta(days=1)) == "6.3411"
    assert parameters.current().values(ROOM, day - datetime.timedelta(days=1))["bench_series"] == "LOAN_1Y"


def open_switch(told: dict[str, str]) -> Case:
    return cases.open_case(actor=hand("jinfu1"), procedure="mitigation_fund.rate_switch", title="改随报价利率",
                           facts=told, organ=fund.ORGAN)  # fmt: skip


def a_return_that_unprotects_loans_is_voted_on() -> None:
    row = Agreement.objects.select_related("book").get(bank=demo.BANK)
    clerk, head = actor("fin1", (Role.CLERK, "finance")), actor("fin2", (Role.LEADER, "finance"))
    amount = f"{fund.available(row.book) / 100:.2f}"
    case = cases.open_case(
        actor=clerk, procedure="mitigation_fund.money", title="退回", organ="finance",
        facts={"what": "return", "bank": row.name, "amount": amount, "document": "测试〔2020〕2号"},
    )  # fmt: skip
    assert "不够在贷" in case.facts["unprotected"]
    cases.act(actor=head, case=case.pk, step="decide")
    centre = hand("jinfu1")
    done = {"payee": "测试国库", "payee_number": "1" * 12, "payee_bank": "测试开户行"}
    with pytest.raises(LuoshiError, match="须先经三家表决"):
        cases.act(actor=centre, case=case.pk, step="pay_out", data=done)
    assert (elsewhere_of(case, "pay_out"), elsewhere_of(case, "ask_vote")) == (("", ""), None)
    cases.act(actor=centre, case=case.pk, step="ask_vote")
    review = Case.objects.get(parent=case, procedure="mitigation_fund.review")
    assert "退回财政" in review.title
    with pytest.raises(LuoshiError):
        cases.act(actor=centre, case=case.pk, step="pass")
    for key, organ in (("centre", fund.ORGAN), ("finance", "finance"), ("tax", "tax")):
        opinion = {f"{key}_checks": "已核", f"{key}_proposes": "pass", "unrelated": "1"}
        cases.act(actor=actor(f"r-{key}", (Role.REVIEWER, organ)), case=review.pk, step=f"{key}_opinion", data=opinion)
    for key, organ in (("centre", fund.ORGAN), ("finance", "finance"), ("tax", "tax")):
        cases.act(actor=actor(f"v-{key}", (Role.LEADER, organ)), case=review.pk, step="vote", data={})
    case.refresh_from_db()
    assert (case.state, case.facts["release_passed"]) == ("decided", True)
    assert (elsewhere_of(case, "pay_out"), elsewhere_of(case, "ask_vote")) == (None, ("", ""))
    # Of a credit platform nobody asked about a return nothing is said.
    told = centre_page(f"/cases/{review.pk}/")
    assert ("3家全部通过" in told or "3 家全部通过" in told, "信用平台查询无失信" in told) == (True, False)
    cases.act(actor=centre, case=case.pk, step="pay_out", data=done)
    # It is done when the bank has paid; refused, it is drafted again.
    for result, state in (("failed", "decided"), ("success", "done")):
        case.refresh_from_db()
        if case.state == "decided":
            cases.act(actor=centre, case=case.pk, step="pay_out", data=done)
        with pytest.raises(LuoshiError, match="还没有确认"):
            cases.act(actor=centre, case=case.pk, step="paid")
        payment = payments.locked(PaymentInstruction.objects.get(claim=case.number, state="drafted").instr_id)
        payments.check_payment(actor=hand("jinfu2"), payment=payment.pk)
        payment.refresh_from_db()
        payments.apply_result(payment, result, txn="RT1" if result == "success" else "", on=CLOCK.today(), reason="",
                              hand=Hand("银行", "bank"))  # fmt: skip
        case.refresh_from_db()
        assert case.state == state


@pytest.mark.parametrize(
    ("day", "keys"),
    [
        (datetime.date(2020, 1, 1), ["circular:2020-03", "score:2020Q1:1"]),
        (datetime.date(2020, 12, 31), ["circular:2020-12", "score:2020Q4:1"]),
        (datetime.date(2022, 7, 1), ["circular:2022-09", "score:2022Q3:1", "sunset:2022-10-01:local-finance-center",
                                     "sunset:2022-10-01:finance", "sunset:2022-10-01:tax"]),
        (datetime.date(2022, 10, 2), ["circular:2022-12", "score:2022Q4:1"]),
    ],
)  # fmt: skip
def test_what_is_owed_by_the_calendar(day, keys):
    rows = owing.owed(day, 3, [("1", "测试银行")], datetime.date(2022, 10, 1))
    assert [one.key for one in rows] == keys
    assert all(one.due_on >= day for one in rows)


@pytest.mark.parametrize(
    ("payee", "holders", "flagged"),
    [("", "", False), ("测试甲公司", "", False), ("测试丙", "", True), ("测试供应商", "", False),
     ("测试控股公司", "测试控股公司 60%，其他 40%", True)],
)  # fmt: skip
def test_a_drawing_paid_to_a_related_party_is_flagged(payee, holders, flagged, monkeypatch):
    monkeypatch.setattr(lending.Firm.objects, "filter", lambda *_a, **_k: Firm.objects.none())
    firm = Firm(name="测试甲公司", legal_person="测试丙")
    assert lending._related(firm, payee, {"share_structure": holders}) == (["related"] if flagged else [])


def a_bank_sees_its_own_files_only() -> None:
    own = actor("own", (Role.CLERK, demo.ORGAN))
    other = actor("other", (Role.CLERK, "agri-guarantee"))
    member = actor("member", (Role.REVIEWER, "tax"))
    assert board.loans(own).count() == Loan.objects.count()
    assert board.loans(other).count() == 0
    assert board.applications(other).count() == 0
    assert monitoring.agreements(other) == []
    assert board.loans(member).count() == Loan.objects.count()
    assert board.files(own) == []
    assert [light["state"] for light in board.files(member)[0]["lights"]] == ["pass", "examined", "waiting"]
    stranger = client_of(person("stranger", (Role.CLERK, "agri-guarantee")))
    assert stranger.get(reverse("mitigation-claim", args=[Claim.objects.get().number])).status_code == 404
    review = Case.objects.filter(procedure="mitigation_fund.review", state="rejected").get()
    bank = client_of(User.objects.get(login="nongshang1"))
    assert "三家表决" not in shown(bank, "mitigation-claim", Claim.objects.get().number)
    assert "三家表决" in shown(
        client_of(User.objects.get(login="jinfu1")), "mitigation-claim", Claim.objects.get().number
    )
    assert bank.get(f"/cases/{review.pk}/").status_code == 404
    # What the bank is told of a rejection names no finding.
    told = bank.get(f"/cases/{review.parent_id}/").content.decode()
    assert "联合审查不通过" in told
    assert "核查未通过" not in told
    # Of the committee's case it does not even learn the number; a member that sees no application learns none either.
    assert review.number not in told
    reviewer = client_of(User.objects.get(login="shuiwu1"))
    asked = reviewer.get(f"/cases/{review.pk}/").content.decode()
    assert "测试壬包装公司（" in asked
    assert "纳税 120,000.00元（2018年度，税务局）" in asked
    assert f"/cases/{review.parent_id}/" not in asked
    assert reviewer.get(f"/cases/{review.parent_id}/").status_code == 404


def a_risk_is_reported_and_a_breach_is_shown() -> None:
    bank, loan = client_of(User.objects.get(login="nongshang1")), Loan.objects.get(contract_no="JK005")
    assert "标红的贷款" in shown(bank, "mitigation")  # The one drawn within days of the old one's repayment.
    loan.breaches, loan.uncovered = ["rate", "ceiling"], "放款时旧贷尚未还清"
    loan.save()
    for html in (shown(bank, "mitigation"), shown(bank, "mitigation-bank", demo.BANK)):
        for word in ("不在基金保障内", "放款时旧贷尚未还清", "利率不合要求", "贷款上限不合要求"):
            assert word in html
    Loan.objects.filter(pk=loan.pk).update(breaches=[], uncovered="")
    assert "JK005" in shown(bank, "mitigation-risk")
    assert bank.post(reverse("mitigation-risk"), {"bank_organ": "finance", "facts_told": "停产"}).status_code == 422
    assert bank.post(reverse("mitigation-risk"), {"bank_organ": demo.ORGAN, "facts_told": ""}).status_code == 422
    opened = bank.post(reverse("mitigation-risk"), {"loan": str(loan.pk), "facts_told": "主要客户停产"})
    assert opened.status_code == 303
    case = Case.objects.get(procedure="mitigation_fund.risk")
    assert (case.facts["bank_organ"], case.facts["contract_no"], case.state) == (demo.ORGAN, "JK005", "reported")
    # Somebody of another bank finds neither the loan nor the bank.
    other = client_of(person("otherbank", (Role.CLERK, "agri-guarantee")))
    assert "JK005" not in shown(other, "mitigation-risk")


def what_the_room_refuses_is_said_on_the_page_of_the_entry() -> None:
    centre, book = client_of(User.objects.get(login="jinfu1")), f"/funds/mitigation_fund/{demo.BANK}/"
    undone = centre.post(f"{book}entries/1/counter/", {"reason": "记错了银行"})
    assert (undone.status_code, "不够 5,000,000.00 元" in undone.content.decode()) == (422, True)
    form = {"value_on": str(CLOCK.today()), "memo": "补回", "basis": "回单", "account": ["1001", "1101"],
            "subject": ["", ""], "debit": ["20", ""], "credit": ["", "19.99"]}  # fmt: skip
    assert "差 0.01 元" in centre.post(f"{book}new/", form).content.decode()


def a_payee_s_account_is_not_told_in_a_story() -> None:
    claim = Claim.objects.get().case
    bank = client_of(User.objects.get(login="nongshang1"))
    told = bank.get(f"/cases/{claim.pk}/").content.decode()
    assert "6222000000000000026" not in told
    assert "**** 0026" in told
    assert not CaseEvent.objects.filter(data__icontains="6222000000000000026").exists()


def steps_that_come_by_themselves_lead_where_they_are_taken() -> None:
    centre = client_of(User.objects.get(login="jinfu1"))
    waiting = Case.objects.get(procedure="mitigation_fund.application", state="circulated")
    review = Case.objects.get(parent=waiting)
    told = centre.get(f"/cases/{waiting.pk}/").content.decode()
    assert f"到会签 {review.number}" in told
    assert "?act=pass" not in told
    assert "?act=query_again" in told
    # Who votes signs as what he is, not as the first of those who vote.
    told = client_of(User.objects.get(login="caizheng3")).get(f"/cases/{review.pk}/").content.decode()
    assert "第二人 · 市财政局负责人" in re.sub(r"\s+", " ", strip_tags(told))
    # A head whose own reviewer has given no opinion waits, and is told for what.
    waits = client_of(User.objects.get(login="shuiwu2")).get(f"/cases/{review.pk}/").content.decode()
    assert "要先办“税务局审核" in strip_tags(waits)
    assert "?act=vote" not in waits
    asked = centre.get(f"/cases/{review.pk}/").content.decode()
    assert f"到原件 {waiting.number}" in asked
    claim = Claim.objects.get()
    assert reverse("mitigation-claim", args=[claim.number]) in centre.get(f"/cases/{claim.case.pk}/").content.decode()
    # Of what Finance instructed the page offers the step that carries it out, no other.
    for what, offered in (("allocate", "carry_out"), ("move", "send"), ("send_back", "pay_out")):
        case = Case(procedure="mitigation_fund.money", programme=ROOM, state="decided", facts={"what": what})
        free = [step for step in ("carry_out", "send", "pay_out", "ask_vote") if elsewhere_of(case, step) is None]
        assert free == [offered]


def a_bank_takes_an_application_in() -> None:
    bank = client_of(User.objects.get(login="nongshang1"))
    asked = {"firm": demo.credit_code(11), "amount": "1000000", "purpose": "购买原材料", "material": "1"}
    refused = bank.post(reverse("mitigation-apply"), asked)
    assert refused.status_code == 422
    assert "已摘牌" in refused.content.decode()
    opened = bank.post(reverse("mitigation-apply"), asked | {"firm": demo.credit_code(10)})
    assert opened.status_code == 303
    again = bank.post(reverse("mitigation-apply"), asked | {"firm": demo.credit_code(10)})
    assert again.status_code == 409
    assert "同一企业已有在办申请" in again.content.decode()
    assert "还没有合作银行" not in shown(bank, "mitigation")
    assert "请选合同" in shown(bank, "mitigation-recourse")


def the_api_answers() -> None:
    centre = client_of(User.objects.get(login="jinfu1"))
    row = Agreement.objects.get(bank=demo.BANK)
    told = next(one for one in centre.get("/api/v1/mitigation/banks").json()["banks"] if one["bank"] == demo.BANK)
    assert told["cap"] == fund.capacity(row).value["cap"]
    assert told["used"] == fund.use_of(row)
    assert centre.get("/api/v1/mitigation/terms").json()["highest_rate"] == lending.highest_rate(CLOCK.today())
    assert len(centre.get("/api/v1/mitigation/loans?overdue=true").json()["loans"]) == 3
    code = demo.credit_code(0)
    assert centre.get(f"/api/v1/mitigation/firms/{code}").json()["months_left"] == "12"
    claim = centre.get(f"/api/v1/mitigation/claims/{Claim.objects.get().number}").json()
    assert (claim["compensation"], claim["bank_share"]) == (115_000_000, 115_000_000)
    month = f"{monitoring.month_before(CLOCK.today()):%Y-%m}"
    assert not all(one["complete"] for one in centre.get(f"/api/v1/mitigation/reports/{month}").json()["reports"])
