"""The demonstration city's own list of key work: duties in every state around today, played by the invented people.

The list is printed relative to today and worked on with the clock set back, day by day, through the same actions as
everybody's. All of it is invented but the names of organs.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import NamedTuple

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_steps as steps
from luoshi.office.duties.matter_models import Matter, PauseKind
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.demo import demo_texts
from luoshi.office.instruments.models import Instrument
from luoshi.office.organs import actions as organs
from luoshi.office.timer import tick

ISSUER = "演政办发"
ISSUED_DAYS_AGO = 45
PLAN = "全市重点工作任务清单（演示）.txt"


class Item(NamedTuple):
    """One item of the list: what, in how many days from today (None: no date), who leads, who cooperates."""

    task: str
    days: int | None
    lead: str
    cooperating: str = ""


ITEMS = (
    Item("整理上半年补助资金绩效自评材料", -22, "市财政局", "市审计局"),
    Item("核对三季度补助资金发放名册，差错率不超过1%", -6, "市财政局", "各镇区"),
    Item("公布四季度涉企收费目录", 0, "市财政局", "市发展和改革局"),
    Item("汇总各镇区预算执行进度", 2, "市财政局", "各镇区"),
    Item("报送专项债券项目建设进度", 3, "市财政局"),
    Item("完成财政票据电子化改造验收", 9, "市财政局", "市大数据中心"),
    Item("完成秋粮收购贷款贴息审核", -14, "市农业农村局", "市财政局"),
    Item("组织冬季设施农业安全检查", 1, "市农业农村局", "市应急管理局、各镇"),
    Item("建成特色农产品交易市场改造工程", 24, "市农业农村局", "市商务局"),
    Item("完成农机报废更新补贴发放", 12, "市农业农村局", "市财政局"),
    Item("更新重点排污单位名录", -1, "市环境保护局"),
    Item("完成入河排污口标识牌设置，设置率达到95%以上", 6, "市环境保护局", "市水利局"),
    Item("组织重污染天气应急演练", 40, "市环境保护局", "市教育局、市卫生健康局"),
    Item("完成危房改造入户核查", -32, "市住房和城乡建设局", "各镇"),
    Item("实施老旧小区供热管网改造，改造楼栋不少于60栋", 8, "市住房和城乡建设局", "市财政局"),
    Item("公布物业服务企业信用等级", 30, "市住房和城乡建设局"),
    Item("完成村居路灯排查登记", 11, "各镇区", "市住房和城乡建设局"),
    Item("完成冬季取暖安全入户宣传", 26, "各镇", "市应急管理局"),
    Item("建立困难群众信息共享机制", None, "市民政局", "市财政局"),
)
_MONTHLY = ("每月10日前报送上月预算执行分析", "市财政局")
_QUARTERLY = ("每季度末报送农产品质量抽检情况", "市农业农村局")


def plan_text(today: datetime.date) -> str:
    """Return the list as a document issued 45 days before `today`."""
    issued = today - datetime.timedelta(days=ISSUED_DAYS_AGO)
    lines = [
        "乳山市人民政府办公室",
        "关于印发全市重点工作任务清单（演示）的通知",
        f"{ISSUER}〔{issued.year}〕1号",
        "各镇人民政府，城区街道办事处，滨海新区、经济开发区管委，市政府有关部门、单位：",
        "现将《全市重点工作任务清单（演示）》印发给你们，请抓好落实。",
        "乳山市人民政府办公室",
        _words(issued),
        "全市重点工作任务清单（演示）",
    ]
    for number, item in enumerate(ITEMS, 1):
        when = "" if item.days is None else f"{_words(today + datetime.timedelta(days=item.days))}前完成。"
        marks = f"责任单位：{item.lead}" + (f"；配合单位：{item.cooperating}" if item.cooperating else "")
        lines.append(f"{number}.{item.task}。{when}（{marks}）")
    for number, (task, lead) in enumerate((_MONTHLY, _QUARTERLY), len(ITEMS) + 1):
        lines.append(f"{number}.{task}。（责任单位：{lead}）")
    return "\n".join(lines) + "\n"


def _words(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def load_city() -> Iterator[str]:
    """Import the demonstration gazettes and the list, and play what happened since; a second time does nothing.

    Yields in words what was done.
    """
    if Instrument.objects.filter(issuer_word=ISSUER).exists():
        yield "演示城市：已装入过，没有改动。"
        return
    now = CLOCK.now()
    story = _Story(now)
    try:
        story.at(-ISSUED_DAYS_AGO)
        organs.load_directory_into_database(actor=Actor.system("演示", "cli"))
        texts = demo_texts() | {PLAN: plan_text(now.date())}
        for name, text in texts.items():
            result = import_gazette(text.encode(), actor=Actor.system("演示", "cli"), filename=name)
            yield f"{name}：{result.message}"
        _reform(story)
        _play(story)
        story.tick()
    finally:
        CLOCK.release()
    yield f"演示城市：清单 {len(ITEMS) + 2} 项，{Matter.objects.count()} 件事项，{len(story.people)} 人办过。"


class _Story:
    """Tells the demonstration's days in order: sets the clock, finds people and matters."""

    def __init__(self, now: datetime.datetime) -> None:
        self._now = now
        self._last = now - datetime.timedelta(days=ISSUED_DAYS_AGO + 1)
        self.people: dict[str, User] = {}

    def at(self, days: int, hour: int = 9) -> None:
        """Go to the hour of the day `days` from today; never back, never beyond now."""
        moment = datetime.datetime.combine(
            self._now.date() + datetime.timedelta(days=days), datetime.time(hour, 12), SHANGHAI
        )
        moment = min(max(moment, self._last + datetime.timedelta(seconds=7)), self._now)
        if moment.date() != self._last.date():
            CLOCK.set(moment)
            self.tick()
        self._last = moment
        CLOCK.set(moment)

    def tick(self) -> None:
        """Let the timer do what has fallen due."""
        tick()

    def actor(self, login: str) -> Actor:
        """Return who acts as `login`."""
        if login not in self.people:
            self.people[login] = User.objects.get(login=login)
        return standing(self.people[login]).actor("web")

    def matter(self, task: int, organ: str) -> int:
        """Return the matter of the item `task` (from 1) that `organ` holds."""
        rows = Matter.objects.filter(
            organ=organ, duty__instrument__issuer_word=ISSUER, title__contains=ITEMS[task - 1].task[:8]
        )
        return rows.order_by("pk").values_list("pk", flat=True)[0]


def _reform(story: _Story) -> None:
    made = organs.propose_batch(
        actor=story.actor("bianban1"),
        title="农业机构更名（演示）",
        effective=datetime.date(2019, 1, 15),
        relations=[{"from": "agriculture", "to": "agri-rural", "kind": "renamed"}],
        director_note="市委编办负责人已批示（演示）",
    )
    organs.confirm(actor=story.actor("bianban2"), proposal_id=made.pk, version=made.version)


def _report(story: _Story, login: str, matter: int, percent: int, words: str, *, value: int | None = None) -> None:
    body = f"演示凭证\n{words}\n".encode()
    work.report_progress(
        actor=story.actor(login),
        matter=matter,
        percent=None if value is not None else percent,
        value=value,
        narrative=words,
        evidence=[(f"进展说明-{matter}-{percent}.txt", body + f"{matter}-{percent}".encode())],
        reason="演示",
    )


def _play(story: _Story) -> None:
    finance, farm, environment, housing = "finance", "agri-rural", "environment", "housing-construction"
    clerk: Callable[[str], Actor] = story.actor

    story.at(-36)
    houses = story.matter(14, housing)
    _report(story, "zhujian1", houses, 100, "入户核查全部完成，名册已由各镇签章。")
    work.submit_for_check(actor=clerk("zhujian1"), matter=houses)
    story.at(-34)
    work.accept_and_cross_off(actor=clerk("ducha1"), matter=houses, note="名册与系统一致")
    story.at(-25)
    review = story.matter(1, finance)
    _report(story, "caizheng1", review, 100, "自评材料整理完毕，共四十二个项目。")
    work.submit_for_check(actor=clerk("caizheng1"), matter=review)
    story.at(-23)
    work.accept_and_cross_off(actor=clerk("ducha2"), matter=review)
    story.at(-12)
    grain = story.matter(7, farm)
    _report(story, "nongye1", grain, 100, "贴息审核完成，涉及三十一户收购主体。")
    work.submit_for_check(actor=clerk("nongye1"), matter=grain)
    story.at(-11)
    work.accept_and_cross_off(actor=clerk("ducha1"), matter=grain, note="逾期完成，记录在案")
    story.at(-10)
    roster = story.matter(2, finance)
    steps.assign(actor=clerk("caizheng3"), matter=roster, user=story.people["caizheng1"].pk)
    _report(story, "caizheng1", roster, 60, "已核对十二个镇区，其余三个镇区名册未报齐。")
    story.at(-7)
    _report(story, "huanbao1", story.matter(12, environment), 30, "标识牌已制作，正在逐口安装。")
    _report(story, "zhujian1", story.matter(15, housing), 40, "已开工四十一栋，完工二十四栋。")
    story.at(-5)
    steps.pause(
        actor=clerk("ducha1"),
        matter=story.matter(9, farm),
        kind=PauseKind.SUPERIOR,
        reason="上级部门变更建设标准，等待批复",
    )
    steps.remind(actor=clerk("ducha1"), matter=roster, text="请商有关镇区尽快报齐")
    story.at(-4)
    work.reopen(actor=clerk("ducha2"), matter=houses, reason="抽查发现两户信息不符，请复核")
    story.at(-3)
    _report(story, "caizheng1", story.matter(3, finance), 80, "目录已会签，待公布。")
    _report(story, "caizheng1", story.matter(5, finance), 100, "进度表已汇总，共十八个项目。")
    work.submit_for_check(actor=clerk("caizheng1"), matter=story.matter(5, finance))
    story.at(-2)
    steps.ask_extension(
        actor=clerk("nongye1"),
        matter=story.matter(10, farm),
        new_due=CLOCK.today() + datetime.timedelta(days=35),
        reason="部分机主银行账户信息有误，需逐户更正",
    )
    _report(story, "caizheng1", story.matter(4, finance), 100, "十七个镇区的执行进度已汇总成表。")
    story.at(-1)
    work.return_matter(actor=clerk("ducha1"), matter=story.matter(5, finance), reason="缺两个项目的监理月报")
    work.submit_for_check(actor=clerk("caizheng1"), matter=story.matter(4, finance))
    _report(story, "xiachu1", story.matter(17, "xiachu"), 50, "已登记十九个村居的路灯。")
    story.at(0, 0)
