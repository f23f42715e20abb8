"""A tree is built by hand and by table, says what it lacks, is approved by another hand, becomes matters."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import hooks
from luoshi.office.duties.matter_models import Matter
from luoshi.office.duties.schedule import materialise
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.jobs.actions import Progress, run_next
from luoshi.office.jobs.models import Job
from luoshi.office.roles import Role
from luoshi.programmes.supervision import board, desk, plan_actions, plan_import, plan_jobs, plan_queries, plan_sheets
from luoshi.programmes.supervision.models import ItemOrgan, KeyItem, Leaf, Node
from tests.office.people import actor, client_of, person
from tests.programmes.supervision.points import KEY, work_points

ACTOR = Actor.system("测试甲", "test")
DAY = datetime.date(2019, 12, 31)


def leaf(code: str, weight: str, organ: str, **more: str) -> list[str]:
    """Return the cells of a smallest task."""
    cells = {
        "title": f"测试任务{code[-2:]}", "kind": "最小颗粒", "start": "2019-10-01", "due": "2019-12-31",
        "post": "测试岗", "deliverable": "测试成果", "evidence_types": "文件；照片", "cycle": "每月",
    } | more | {"code": code, "weight": weight, "organ": organ}  # fmt: skip
    return [str(cells.get(name, "")) for name, _title, _width in plan_sheets.COLUMNS]


def table(*rows: list[str]) -> bytes:
    """Return rows as a CSV file."""
    head = [title for _name, title, _width in plan_sheets.COLUMNS]
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in [head, *rows]).encode()


WHOLE = (
    ["2019-01.01", "测试分段", "任务", "60", *[""] * 12],
    leaf("2019-01.01.01", "50", "市住建局", target="T1.1", target_value="3000", unit="盏"),
    leaf("2019-01.01.02", "50", "市住建局", target="T1.2", target_value="12", unit="公里"),
    leaf("2019-01.02", "40", "市财政局"),
)


@pytest.fixture
def plan(db):
    import_gazette(work_points().encode(), actor=ACTOR, filename="points.txt")
    return plan_import.load_plan(actor=ACTOR, key=KEY)


def test_a_tree_from_a_table_to_matters(plan):
    item = plan.items.get(seq=1)
    clerk = actor("zj", (Role.CLERK, "housing-construction"))
    stranger = actor("cw", (Role.CLERK, "culture-tourism"))
    leader = actor("sz", (Role.LEADER, "city-government"))
    faults = plan_sheets.look(
        actor=clerk, plan=plan, item=item, name="t.csv",
        data=table(*WHOLE[:3], leaf("2019-01.02", "39", "市财政局"), leaf("2019-01.03", "x", "市公安局")),
    ).faults  # fmt: skip
    assert [(one.cell, one.words) for one in faults] == [
        ("D2", "2019-01下同级任务权重之和须为 100%(现为 99%)"), ("D6", "权重应为数字，如30或33.33"),
    ]  # fmt: skip
    assert not Node.objects.exists()
    data = table(*WHOLE)
    with pytest.raises(LuoshiError) as refused:
        plan_sheets.take_in(
            actor=stranger, plan=plan, item=item, name="t.csv", data=data, digest=plan_sheets.digest_of(data)
        )
    assert refused.value.code == "E_ROWS"
    assert Node.objects.count() == 0
    seen = plan_sheets.look(actor=clerk, plan=plan, item=item, name="t.csv", data=data)
    plan_sheets.take_in(actor=clerk, plan=plan, item=item, name="t.csv", data=data, digest=seen.digest)
    again = plan_sheets.look(actor=clerk, plan=plan, item=item, name="t.csv", data=data)
    assert (len(seen.new), len(again.new), len(again.changed), again.unchanged) == (4, 0, 0, 4)
    out = plan_sheets.workbook(plan, item, actor=clerk)
    assert plan_sheets.look(actor=clerk, plan=plan, item=item, name="t.xlsx", data=out).unchanged == 4

    item.refresh_from_db()
    town = item.organs.get(token="各相关镇区")
    assert [one["text"] for one in plan_actions.failures(item)] == ["“各相关镇区”没有确定成员，也没有写明无相关镇区"]
    with pytest.raises(LuoshiError) as early:
        plan_actions.propose(actor=clerk, item=item.pk)
    assert early.value.code == "E_INCOMPLETE"
    plan_actions.designate(actor=clerk, entry=town.pk, members=["xiachu"])
    plan_actions.propose(actor=clerk, item=item.pk)
    with pytest.raises(LuoshiError) as closed:
        plan_actions.remove_node(actor=clerk, item=item.pk, code="2019-01.02")
    assert closed.value.code == "E_STATE"
    with pytest.raises(LuoshiError) as forbidden:
        plan_actions.approve(actor=clerk, item=item.pk)
    assert forbidden.value.code == "E_FORBIDDEN"
    plan_actions.approve(actor=leader, item=item.pk)
    assert not Leaf.objects.filter(matter__isnull=False).exists()
    materialise(actor=ACTOR)
    own = Matter.objects.filter(module="duties", duty__clause__start__gte=item.start, duty__clause__end__lte=item.end)
    others = Matter.objects.filter(module="duties", is_open=True).exclude(pk__in=own)
    before = (own.filter(is_open=True).count(), others.count())
    assert min(before) > 0
    plan_actions.activate(actor=ACTOR, plan=plan.pk)
    # The promise is chased once: by its smallest tasks; an item without them is still chased as a duty.
    assert (own.filter(is_open=True).count(), others.count()) == (0, before[1])
    made = {one.node.code: one.matter for one in Leaf.objects.select_related("matter", "node")}
    first = made["2019-01.01.01"]
    assert (first.organ, first.due_on, first.target_value, first.comparator, first.accepted_only, first.kind) == (
        "housing-construction", DAY, 3000, ">=", True, "work_point",
    )  # fmt: skip
    assert [one.organ for one in first.organs.filter(role="coop")] == ["finance"]
    assert plan_queries.item_of(actor("xc", (Role.CLERK, "xiachu")), "2019-1").pk == item.pk
    with pytest.raises(LuoshiError) as unseen:
        plan_queries.item_of(stranger, "2019-1")
    assert unseen.value.code == "E_NOT_FOUND"

    plan_actions.save_node(
        actor=clerk, item=item.pk, code="2019-01.02",
        row={"title": "改名", "kind": "leaf", "weight_bp": 4000, "start": DAY, "due": DAY, "organ": "finance",
             "post": "测试岗", "deliverable": "测试成果", "evidence_types": ["document"]},
    )  # fmt: skip
    plan_actions.propose(actor=clerk, item=item.pk)
    plan_actions.approve(actor=leader, item=item.pk)
    assert Leaf.objects.get(node__code="2019-01.02").matter.title == "改名"


def test_what_a_decomposition_lacks_is_said_with_the_node(plan):
    item = plan.items.get(seq=2)
    assert any("最小颗粒" in one["text"] for one in plan_actions.failures(item))
    row = {
        "title": "一年", "kind": "leaf", "weight_bp": 9900, "start": datetime.date(2019, 4, 10), "due": DAY,
        "organ": "agri-rural", "post": "测试岗", "deliverable": "测试成果",
    }  # fmt: skip
    plan_actions.save_node(actor=ACTOR, item=item.pk, row=row)
    said = {one["code"]: one["text"] for one in plan_actions.failures(item)}
    assert "99%" in str(said)
    assert "2019-02.01" in said
    assert "T2.1" in said
    with pytest.raises(LuoshiError) as wrong:
        plan_actions.save_node(actor=ACTOR, item=item.pk, row=row | {"organ": "finance"})
    assert wrong.value.fields["field"] == "organ"
    with pytest.raises(LuoshiError) as stale:
        plan_actions.save_node(actor=ACTOR, item=item.pk, row=row, version=1)
    assert stale.value.code == "E_VERSION"


def test_the_pages_of_plan_and_item(plan):
    item = plan.items.get(seq=1)
    clerk, watcher = (
        person("zj", (Role.CLERK, "housing-construction")),
        person("d", (Role.SUPERVISOR, "government-office")),
    )
    browser, office = client_of(clerk), client_of(watcher)
    home = f"/supervision/items/{item.code}/"
    assert "<mark" in browser.get(home).content.decode()
    form = {"title": "测试任务", "kind": "leaf", "weight": "100", "start": "2019-10-01", "due": "2019-12-31",
            "organ": "housing-construction", "post": "测试岗", "deliverable": "测试成果", "cycle": "monthly",
            "evidence_types": ["document"]}  # fmt: skip
    wrong = browser.post(f"{home}node/", form | {"weight": "120"})
    assert wrong.status_code == 422
    assert 'value="120"' in wrong.content.decode()
    assert browser.post(f"{home}node/", form).status_code == 303
    assert browser.get(f"{home}node/2019-01.01/").status_code == 200
    assert browser.get(f"{home}tree.xlsx").status_code == 200
    upload = io.BytesIO(table(leaf("2019-01.01", "50", "市住建局")))
    upload.name = "t.csv"
    seen = browser.post(f"{home}import/", {"file": upload}, follow=True)
    assert "现为 50%" in seen.content.decode()
    entry = item.organs.get(token="各相关镇区")
    kept = browser.post(f"{home}do/designate/", {"entry": entry.pk, "members": ["xiachu", "wuji"]})
    assert kept.status_code == 303
    assert ItemOrgan.objects.get(pk=entry.pk).members == ["xiachu", "wuji"]
    assert browser.post(f"{home}do/propose/").status_code == 422
    page = office.get("/supervision/plan/2019/")
    assert page.status_code == 200
    assert item.title in page.content.decode()
    assert office.post(f"{home}do/target/", {"name": "测试目标", "value": "3", "unit": "处"}).status_code == 303
    assert KeyItem.objects.get(pk=item.pk).targets.filter(kind="added").count() == 1
    assert browser.post("/supervision/plan/2019/activate/").status_code == 403
    told = browser.get(f"/api/v1/supervision/items/{item.code}").json()
    assert told["organs"][2]["members"] == ["xiachu", "wuji"]
    assert [one["code"] for one in told["targets"]] == ["T1.1", "T1.2", "T1.3"]
    assert browser.get(f"/api/v1/supervision/items/{item.code}/failures").json()["complete"] is False
    upload.seek(0)
    looked = browser.post(f"/api/v1/supervision/items/{item.code}/tree", {"file": upload})
    assert looked.status_code == 200, looked.content.decode()
    assert looked.json()["faults"][0]["cell"] == "D2"
    assert office.get("/api/v1/supervision/plans/2019").json()["check"]["items"] == 2
    # The whole plan at once, by supervision: faults by cell, then all of it.
    both = io.BytesIO(table(*WHOLE, leaf("2019-02.01", "90", "市农业农村局")))
    both.name = "all.csv"
    assert "现为 90%" in office.post("/supervision/plan/2019/import/", {"file": both}, follow=True).content.decode()
    both = io.BytesIO(table(*WHOLE, leaf("2019-02.01", "100", "市农业农村局")))
    both.name = "all.csv"
    looked = office.post("/supervision/plan/2019/import/", {"file": both})
    assert Node.objects.count() == 1
    assert office.post(looked["Location"], {"digest": plan_sheets.digest_of(both.getvalue())}).status_code == 303
    assert sorted(Node.objects.values_list("code", flat=True).filter(level=1)) == [
        "2019-01.01", "2019-01.02", "2019-02.01",
    ]  # fmt: skip
    assert office.get("/supervision/plan/2019/tree.xlsx").status_code == 200
    assert browser.get("/supervision/plan/2019/import/").status_code == 403


def test_leaders_weights_and_publicity_are_settled_together(plan):
    clerk = actor("dc", (Role.SUPERVISOR, "government-office"))
    seqs = list(plan.items.order_by("seq").values_list("seq", flat=True))
    equal, rest = divmod(10000, len(seqs))
    rows = {seq: {"weight_bp": equal + (rest if seq == seqs[0] else 0)} for seq in seqs}
    rows[seqs[0]] |= {"leader_post": "副市长", "public": False}
    assert len(plan_actions.settle_items(actor=clerk, plan=plan.pk, rows=rows)) == len(seqs)
    first = plan.items.get(seq=seqs[0])
    assert (first.leader_post, first.public, first.weight_bp) == ("副市长", False, equal + rest)
    for wrong in ({seqs[0]: {"weight_bp": None}}, {seqs[0]: {"weight_bp": equal + rest - 1}}):
        with pytest.raises(LuoshiError, match=r"^E_INPUT:"):
            plan_actions.settle_items(actor=clerk, plan=plan.pk, rows=wrong)
    with pytest.raises(LuoshiError, match=r"^E_VERSION:"):
        plan_actions.settle_items(actor=clerk, plan=plan.pk, rows={seqs[0]: {"public": True}}, version=plan.version)
    with pytest.raises(LuoshiError, match=r"^E_FORBIDDEN:"):
        plan_actions.settle_items(actor=actor("zj", (Role.CLERK, "housing-construction")), plan=plan.pk, rows={})
    page = client_of(person("dc2", (Role.SUPERVISOR, "government-office")))
    address = f"/supervision/plan/{plan.year}/settle/"
    assert "副市长" in page.get(address).content.decode()
    assert page.post(address, {f"weight-{seqs[0]}": "50"}).status_code == 422
    # A raised two is a digit and no number: as a version, or as the entry of a mark, it is none.
    assert page.post(address, {"version": "²"}).status_code == 303
    assert page.post(f"/supervision/items/{first.code}/do/designate/", {"entry": "²"}).status_code == 404
    assert page.post(address, {f"leader-{seqs[0]}": "市长"}).status_code == 303
    assert list(plan.items.filter(seq=seqs[0]).values_list("leader_post", "weight_bp")) == [("市长", None)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("36.91963,121.53968", ("36.919630", "121.539680")),
        (" 36.9， 121.5 ", ("36.9", "121.5")),
        ("", (None, None)),
        ("121.5,36.9", "先纬度后经度"),
        ("36.9", "先纬度后经度"),
        ("36.9,东", "应为数字"),
        ("36.9,121.5397681234", "至多6位小数"),
    ],
)
def test_the_place_of_a_task_is_latitude_then_longitude(text, found):
    if isinstance(found, str):
        with pytest.raises(LuoshiError, match=found):
            plan_actions.place_of(plan_sheets.place(text))
        return
    wanted = [Decimal(one) if one else None for one in found]
    assert list(plan_actions.place_of(plan_sheets.place(text)).values()) == wanted


def test_what_a_plan_waits_for_stands_on_the_desk_of_who_owes_it(plan):
    item = plan.items.get(seq=2)
    clerk, stranger = actor("ny", (Role.CLERK, "agri-rural")), actor("cw", (Role.CLERK, "culture-tourism"))
    leader = actor("sz", (Role.LEADER, "city-government"))
    assert desk.undecomposed(clerk, 200) == (1, "/supervision/items/2019-02/", None)
    assert desk.undecomposed(stranger, 200) == desk.proposed(leader, 200) == desk.readings(clerk, 200) == desk.NOTHING
    data = table(leaf("2019-02.01", "100", "市农业农村局", target="T2.1", target_value="500", unit="人次"))
    plan_sheets.take_in(actor=clerk, plan=plan, item=item, name="t.csv", data=data, digest=plan_sheets.digest_of(data))
    plan_actions.propose(actor=clerk, item=item.pk)
    assert desk.undecomposed(clerk, 200) == desk.finished(leader, 200) == desk.NOTHING
    assert desk.proposed(leader, 200) == (1, "/supervision/items/2019-02/", None)
    ItemOrgan.objects.filter(item=item).update(resolution="unresolved", organ="", raw="市农村局", proposal="agri-rural")
    one, other = (actor(name, (Role.SUPERVISOR, "government-office")) for name in ("dc1", "dc2"))
    assert desk.readings(one, 200) == desk.readings(other, 200) == (1, "/supervision/plan/2019/#names", None)
    entry = item.organs.get()
    plan_actions.propose_reading(actor=one, entry=entry.pk, reading="agri-rural", reason="漏印一字")
    assert desk.readings(one, 200) == desk.NOTHING
    assert desk.readings(other, 200).many == 1


def test_what_keeps_a_plan_from_being_active_is_told_in_one_line(plan):
    assert plan_actions._spans([1, 2, 3, 7, 9, 10]) == "1至3、7、9至10"


@pytest.mark.parametrize(
    ("organ", "role", "seen"),
    [
        ("government-office", Role.LEADER, 2),
        ("city-government", Role.LEADER, 2),
        ("finance", Role.LEADER, 1),
        ("culture-tourism", Role.LEADER, 0),
    ],
)
def test_the_director_sees_every_item_and_the_leader_in_charge_those_led(plan, organ, role, seen):
    who = actor("kan", (role, organ))
    assert len(board.items_for(who, plan)) == len(plan_queries.items_seen(who, plan)) == seen
    # Of a task, too, that concerns neither organ: whoever signs the letter about it has to read it.
    task = Matter(pk=0, module="supervision", organ="agri-rural")
    assert hooks.also_sees(task, who) is (organ == "government-office")


def test_a_form_names_every_field_that_was_left_empty(plan):
    page = client_of(person("zj1", (Role.CLERK, "housing-construction")))
    answer = page.post("/supervision/items/2019-01/node/", {"kind": "leaf", "start": "2019-05-01", "due": "2019-06-01"})
    assert answer.status_code == 422
    for what in ("任务名称", "权重", "单位", "岗位", "成果"):
        assert f"请填{what}。" in answer.text
    assert page.post(
        "/supervision/items/2019-01/node/", {"kind": "task", "title": "分段", "weight": "60"}
    ).url.endswith("/supervision/items/2019-01/#tree")


def test_a_large_plan_is_activated_by_a_job_that_tells_how_far_it_is(plan, monkeypatch):
    """Thousands take a minute: the page does not wait, a second press finds the first, a refusal is at once."""
    item = plan.items.get(seq=1)
    clerk = actor("zj", (Role.CLERK, "housing-construction"))
    data = table(*WHOLE)
    plan_sheets.take_in(actor=clerk, plan=plan, item=item, name="t.csv", data=data, digest=plan_sheets.digest_of(data))
    plan_actions.designate(actor=clerk, entry=item.organs.get(token="各相关镇区").pk, members=["xiachu"])
    plan_actions.propose(actor=clerk, item=item.pk)
    plan_actions.approve(actor=actor("sz", (Role.LEADER, "city-government")), item=item.pk)
    monkeypatch.setattr(plan_jobs, "AT_ONCE", 1)
    page = client_of(person("zr", (Role.LEADER, "government-office")))
    address = "/supervision/plan/2019/activate/"
    stale = page.post(address, {"version": "99"})
    assert (stale.status_code, Job.objects.count()) == (409, 0)
    first = page.post(address)
    job = Job.objects.get()
    assert first["Location"] == reverse("job", args=[job.pk]) == page.post(address)["Location"]
    assert "启用年度计划" in page.get(first["Location"]).content.decode()
    plan.refresh_from_db()
    assert plan.status == "loading"
    told = []
    monkeypatch.setattr(Progress, "__call__", lambda _self, *words: told.append(words))
    assert run_next().state == "done"
    assert told == [("最小颗粒交办", n, 3) for n in (1, 2, 3)]
    plan.refresh_from_db()
    assert (plan.status, plan.activated_by) == ("active", job.by)
    assert Matter.objects.filter(module="supervision").count() == 3
    done = page.get(first["Location"]).content.decode()
    assert "/supervision/plan/2019/" in done
