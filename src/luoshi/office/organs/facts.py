"""The facts of the decisions `organs.*`; every schema explains itself by examples, all persons in them invented."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

_EARLIEST = date(1900, 1, 1)
_KIND_WORDS = {"任命": "appoint", "任": "appoint", "免职": "remove", "免去": "remove", "免": "remove", "名单": "attest"}


_RELATION_WORDS = {
    "更名": "renamed", "改名": "renamed", "合并": "merged_into", "并入": "merged_into", "职能划转": "functions_moved",
    "职责划转": "functions_moved", "划转": "functions_moved", "拆分": "split", "合署办公": "co_located",
    "合署": "co_located", "加挂": "plaque", "加挂牌子": "plaque", "挂牌": "plaque", "隶属": "subordinate",
    "办公室设在": "office_of",
}  # fmt: skip


def _kind_word(value: Any) -> Any:
    return _KIND_WORDS.get(value, value) if isinstance(value, str) else value


def _relation_word(value: Any) -> Any:
    return _RELATION_WORDS.get(value.strip(), value) if isinstance(value, str) else value


class Strict(BaseModel):
    """A group of facts: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


# --- numbers, citations, names, lists ---------------------------------------------------------------------------------


class NumberFacts(Strict):
    """A text that may be a document number."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "乳政办发（２０１８）１０号"}, {"text": "乳政任〔2019〕第3号"}]}
    )

    text: str | None = Field(None, description="文号，书写不拘 / the number as somebody wrote it")


class CitationFacts(Strict):
    """A citation: document number and place. With `paths` it is also looked up."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "乳政办发〔2018〕2号 3.1.3(4)"},
                {"text": "乳政办发〔2018〕10号 第五条", "paths": ["第一章", "第一章/第五条"]},
            ]
        }
    )

    text: str | None = Field(None, description="文号和条款 / number, then the place as printed")
    paths: tuple[str, ...] | None = Field(
        None, description="该文件已有条款的路径，用于核对 / paths of the instrument's clauses; left out: not looked up"
    )


class ConfirmedReading(Strict):
    """误印、歧义名称的读法：须由不同的人确认，人数见参数 confirmations。"""

    text: str = Field(description="印出的名称 / the name as printed")
    organ: str = Field(description="应读作的机构：代号或名称 / the organ meant: slug or name")
    confirmed_by: tuple[str, ...] = Field((), description="确认人，须为不同的人 / who confirmed it, different persons")


class NameFact(Strict):
    """名称的归属：给出的以此为准，不再查名录。A text given here is read by this, not by the directory."""

    text: str = Field(description="名称 / the written name")
    organ: str | None = Field(None, description="机构代号；不写即已无归属 / slug; left out: the text is nobody's now")
    kind: Literal["full", "short", "alias", "generic", "misprint"] = Field("alias", description="名称种类 / its kind")
    ambiguous: bool = Field(False, description="有歧义，须经确认 / may mean several organs")
    years: tuple[int, ...] = Field((), description="见于哪些年份 / years in which it is printed")


class RelationFact(Strict):
    """机构承接关系。只有经确认且已生效的关系转移职责。Only confirmed relations in effect move duties."""

    origin: str = Field(
        validation_alias=AliasChoices("from", "origin"),
        serialization_alias="from",
        description="原机构：代号或名称 / the organ before: slug or name",
    )
    target: str = Field(
        validation_alias=AliasChoices("to", "target"),
        serialization_alias="to",
        description="承接机构 / the organ after: slug or name",
    )
    kind: Annotated[
        Literal[
            "renamed", "merged_into", "functions_moved", "split", "co_located", "plaque", "subordinate", "office_of"
        ],
        BeforeValidator(_relation_word),
    ] = Field("functions_moved", description="关系；合署、挂牌、隶属不转移职责 / the last four move no duty")
    effective: date | None = Field(None, description="生效日 / first day of effect")
    effective_after: date | None = Field(None, description="生效日不详时：晚于此日 / if unknown: later than this day")
    effective_until: date | None = Field(None, description="生效日不详时：不晚于此日 / if unknown: by this day")
    function: str | None = Field(None, description="只转移此项职能 / moves this function only; left out: all")
    evidence: tuple[str, ...] = Field(
        (), description="依据 / stated, N 名称, F 职能见于后者, P 人员转任, A 推断 (evidence codes)"
    )
    instrument: str | None = Field(None, description="依据文件的文号 / number of the act")
    clause: str | None = Field(None, description="依据条款 / its clause")
    confirmed_by: tuple[str, ...] = Field((), description="确认人，须为不同的人 / who confirmed it, different persons")


_RELATIONS = "承接关系；与机构名录的关系并用，名录中的均未确认 / joined to the directory's own, which are unconfirmed"
_READINGS = "已确认的误印、歧义读法 / confirmed readings of misprints and ambiguous names"
_NAMES = "名录之外登记的名称及其归属 / names registered beside the directory, with their owners"
_FOOD_TO_MARKET: Any = {
    "from": "food-drug", "to": "market-supervision", "kind": "functions_moved", "effective": "2019-03-04",
    "confirmed_by": ["测试丙", "测试丁"],
}  # fmt: skip


class ResolveFacts(Strict):
    """A written name of an organ."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "市食药局", "on": "2019-06-01", "relations": [_FOOD_TO_MARKET]},
                {"text": "市发政局", "readings": [
                    {"text": "市发政局", "organ": "development-reform", "confirmed_by": ["测试丙", "测试丁"]}]},
            ]
        }
    )  # fmt: skip

    text: str | None = Field(None, description="机构名称，如所印 / the name as printed")
    on: date | None = Field(None, description="查询日，用于承接单位 / day of the successor; default: of the decision")
    readings: tuple[ConfirmedReading, ...] = Field((), description=_READINGS)
    names: tuple[NameFact, ...] = Field((), description=_NAMES)
    relations: tuple[RelationFact, ...] = Field((), description=_RELATIONS)


class ListFacts(Strict):
    """A printed list of organs with its words of responsibility."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "市环保局、水利局牵头,市财政局、农业局、民政局等参与"},
                {"text": "各相关镇区", "chosen": {"各相关镇区": ["夏村镇", "滨海新区"]}},
            ]
        }
    )

    text: str | None = Field(None, description="责任单位，如所印 / the list as printed")
    first_leads: bool = Field(
        False, description="文中已声明首个责任单位为牵头单位 / declared earlier: the first unit leads"
    )
    chosen: dict[str, tuple[str, ...]] = Field(
        {}, description="逐案确定的成员，如各相关镇区 / members of wildcards chosen case by case"
    )
    readings: tuple[ConfirmedReading, ...] = Field((), description=_READINGS)
    names: tuple[NameFact, ...] = Field((), description=_NAMES)


class SuccessorFacts(Strict):
    """Who does today what an organ did."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"organ": "food-drug", "on": "2019-06-01", "relations": [_FOOD_TO_MARKET]},
                {"organ": "市畜牧局", "on": "2019-06-01"},
            ]
        }
    )

    organ: str | None = Field(None, description="原机构：代号或名称 / slug or name")
    on: date | None = Field(None, description="查询日 / day asked about; default: the day of the decision")
    function: str | None = Field(None, description="职能，如relations所写 / the function, as the relations name it")
    ended_on: date | None = Field(None, description="原机构撤销日 / first day without the organ, if known")
    relations: tuple[RelationFact, ...] = Field((), description=_RELATIONS)


# --- posts, appointments, groups --------------------------------------------------------------------------------------


class EvidenceRow(Strict):
    """任职依据一条。attest 名单或文件载明当日在任；appoint 自当日任职；remove 当日免职(前一日仍在任)。"""

    kind: Annotated[Literal["attest", "appoint", "remove"], BeforeValidator(_kind_word)] = Field(
        description="attest 名单 on the day | appoint 任命 from the day | remove 免职 holder until the day before"
    )
    person: str = Field(min_length=1, description="姓名 / name as printed")
    person_id: str | None = Field(
        None, description="人员编号：同名不同人时必填 / tells persons of one name apart; left out: the name does"
    )
    day: date | None = Field(
        None,
        ge=_EARLIEST,
        validation_alias=AliasChoices("date", "day"),
        serialization_alias="date",
        description="日期 / date; without one the row only supports",
    )
    instrument: str | None = Field(None, description="文号 / number of the instrument")
    clause: str | None = Field(None, description="条款 / clause")
    organ: str | None = Field(None, description="机构；不写即所问机构 / left out: the organ asked about")
    post: str | None = Field(None, description="职务；不写即所问职务 / left out: the post asked about")
    printed: str | None = Field(None, description="原文 / text as printed")
    remark: str | None = Field(None, description="备注，如保留原职级 / remark, kept verbatim")

    @property
    def key(self) -> str:
        """What tells this person from others."""
        return self.person_id or self.person


class HolderFacts(Strict):
    """A post, a day, and everything known of who held it. Nothing is guessed from other posts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"organ": "市商务局", "post": "局长", "on": "2019-04-03", "evidence": [
                    {"kind": "remove", "person": "测试甲", "date": "2019-04-03", "instrument": "乳政任〔2019〕3号"},
                    {"kind": "appoint", "person": "测试乙", "date": "2019-04-03", "instrument": "乳政任〔2019〕3号"}]},
                {"organ": "市商务局", "post": "副局长", "on": "2019-03-03", "evidence": [
                    {"kind": "remove", "person": "测试丙", "date": "2019-03-04", "instrument": "乳政任〔2019〕2号"},
                    {"kind": "attest", "person": "测试丁", "date": "2018-03-14", "instrument": "乳政办发〔2018〕9号"}]},
            ]
        }
    )  # fmt: skip

    organ: str | None = Field(None, description="机构：代号或名称 / slug or name")
    post: str | None = Field(None, description="职务，如局长、党组书记 / the post; head and party secretary differ")
    on: date | None = Field(None, description="查询日 / day asked about; default: the day of the decision")
    seats: int | None = Field(
        None, ge=1, description="职数；不写时正职为1，副职和非领导职务不限 / default: 1 for heads, several for the rest"
    )
    evidence: tuple[EvidenceRow, ...] | None = Field(
        None, description="任职依据，次序不拘；他职的不计 / in any order; rows of other posts are left aside"
    )


class Act(Strict):
    """One act of an appointment list."""

    action: Annotated[Literal["appoint", "remove"], BeforeValidator(_kind_word)] = Field(
        description="appoint 任命 | remove 免职"
    )
    person: str = Field(min_length=1, description="姓名 / name as printed")
    person_id: str | None = Field(None, description="人员编号 / identifier, where names collide")
    organ: str = Field(description="机构：代号或名称 / slug or name")
    post: str = Field(description="职务 / title of the post")
    seats: int | None = Field(None, ge=1, description="职数 / seats; default as in organs.holder")
    remark: str | None = Field(None, description="备注，原样保存 / remark, kept verbatim")
    explanation: str | None = Field(None, description="对告警的说明 / explains a warning")

    @property
    def key(self) -> str:
        """What tells this person from others."""
        return self.person_id or self.person


class AppointmentFacts(Strict):
    """An appointment list and what was known before it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"number": "乳政任〔2019〕3号", "issued_on": "2019-04-03", "acts": [
                    {"action": "appoint", "person": "测试甲", "organ": "市行政审批服务局", "post": "局长"},
                    {"action": "remove", "person": "测试甲", "organ": "市商务局", "post": "局长"}]},
                {"number": "乳政任〔2019〕9号", "issued_on": "2019-09-01",
                 "acts": [{"action": "appoint", "person": "测试丙", "organ": "市商务局", "post": "局长"}],
                 "evidence": [{"kind": "appoint", "person": "测试乙", "organ": "市商务局", "post": "局长",
                               "date": "2019-04-03", "instrument": "乳政任〔2019〕3号"}]},
            ]
        }
    )  # fmt: skip

    number: str | None = Field(None, description="文号 / number of the list")
    issued_on: date | None = Field(None, ge=_EARLIEST, description="名单日期 / date of the list")
    acts: tuple[Act, ...] = Field((), description="任免事项，如所印次序 / acts in printed order")
    evidence: tuple[EvidenceRow, ...] = Field(
        (), description="此前的任职依据，须写明机构和职务 / what was known before, with organ and post"
    )


class Seat(Strict):
    """One seat of a group as its instrument prints it."""

    order: int = Field(ge=1, description="序号 / printed order")
    role: str = Field("成员", description="组长、副组长、成员等 / role")
    person: str | None = Field(None, description="姓名；按职务列名的不填 / name; none in lists of posts")
    person_id: str | None = Field(None, description="人员编号 / identifier")
    organ: str | None = Field(None, description="机构 / organ")
    post: str | None = Field(None, description="职务 / post")

    @property
    def key(self) -> str | None:
        """What tells this person from others."""
        return self.person_id or self.person


class MemberChange(Strict):
    """A change of a seat; it holds only when the organ where the office sits has confirmed it."""

    order: int = Field(ge=1, description="席位序号 / order of the seat")
    person: str = Field(min_length=1, description="接任人 / the new member")
    person_id: str | None = Field(None, description="人员编号 / identifier")
    on: date = Field(description="自何日起 / from this day")
    confirmed_by: str | None = Field(
        None, description="确认的机构：应为办公室所在单位 / confirming organ: the office's"
    )
    instrument: str | None = Field(None, description="依据文件 / instrument")


class MemberFacts(Strict):
    """A leading group's list, the changes since, and what is known of its members' posts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"group": "某某工作领导小组", "instrument": "乳政办发〔2018〕1号", "issued_on": "2018-01-05",
                 "office": "市住建局", "on": "2019-06-01",
                 "members": [{"order": 1, "role": "成员", "person": "测试甲", "organ": "市商务局", "post": "局长"}],
                 "evidence": [{"kind": "appoint", "person": "测试乙", "organ": "市商务局", "post": "局长",
                               "date": "2019-04-03", "instrument": "乳政任〔2019〕3号"}]},
            ]
        }
    )  # fmt: skip

    group: str | None = Field(None, description="领导小组名称 / name of the group")
    instrument: str | None = Field(None, description="文号 / number of the instrument")
    issued_on: date | None = Field(None, ge=_EARLIEST, description="成文日；未印的不填 / its date, if printed")
    on: date | None = Field(None, description="查询日 / day asked about; default: the day of the decision")
    office: str | None = Field(None, description="办公室所在单位 / organ where the office sits")
    members: tuple[Seat, ...] | None = Field(None, description="名单 / the list as printed")
    changes: tuple[MemberChange, ...] = Field((), description="变更 / changes, confirmed or proposed")
    evidence: tuple[EvidenceRow, ...] = Field(
        (), description="任职依据，须写明机构和职务 / evidence of posts, with organ and post"
    )
