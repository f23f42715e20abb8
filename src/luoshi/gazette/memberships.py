"""Member lists of leading groups, joint conferences and command posts: role, person, post.

Four ways of printing a seat are read: `组长:甲(某局局长)`, `组长:甲 某局局长` (a blank or comma divides), posts
without persons (`副组长:某局局长`) and running text (`总指挥由某局局长担任`). Damage of two-column print is mended with
a warning: a role label printed again in the middle of a list, a person repeated by it, the sentence on the group's
office cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from luoshi.gazette.appointments import CHINESE, ends_with_title, split_post, word_table
from luoshi.gazette.organs import Level, split_organs

HEAD, DEPUTY, MEMBER, OFFICE = range(4)

_ROLES_OF_RANK = {
    HEAD: (
        "组长 第一组长 总组长 总召集人 召集人 第一召集人 总指挥 第一总指挥 指挥长 总指挥长 指挥 主任 "
        "第一主任 主任委员 政委 会长 主席 团长 队长 总队长 总负责人 牵头领导"
    ),
    DEPUTY: (
        "副组长 第一副组长 常务副组长 执行组长 执行副组长 副召集人 常务副召集人 副总召集人 副总指挥 "
        "常务副总指挥 执行总指挥 副总指挥长 副指挥长 常务副指挥长 执行指挥长 副指挥 副主任 常务副主任 "
        "副主任委员 常务副主任委员 第一副主任委员 副会长 副主席 副团长 副队长 副政委 秘书长 副秘书长 顾问 "
        "组长单位 副组长单位"
    ),
    MEMBER: ("成员 组员 委员 队员 成员单位 联络员"),
    OFFICE: ("办公室主任 办公室副主任 办公室常务副主任 办公室成员"),
}
ROLES = {role: rank for rank, roles in _ROLES_OF_RANK.items() for role in roles.split()}
"""Role labels and their rank in a list."""

UNITS = frozenset(("成员单位", "组长单位", "副组长单位"))
"""Labels under which organs stand, not persons."""

SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜"
    "倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁"
    "蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋"
    "商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜"
    "海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭"
    "况那宿鲜印逯隆茹诺战危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由欧"
    "洪赖丘阎习占侍昌蔚随诸莘鄂竺滑逄慕郤庹籍闪贝宓敦钮暨恽"
)
"""First characters of family names, to tell a name from an organ where nothing else does."""

POST_STARTS = frozenset("市省县区州盟旗团国副党")
"""Characters a post begins with and a given name hardly holds."""

_LEVELS = "省市州盟县区旗"
"""Levels of government, higher ones first; the last three are one level."""
_OPENS_POST = frozenset(("常务", "党组", "海关", "国资"))
"""Words at the beginning of posts whose first character is a family name too."""
_OWN_LEVEL = re.compile(rf"[{_LEVELS}](?=(?:人民)?政府|委|[{CHINESE}、]{{2,40}}$)")

FIELDS = frozenset(
    word_table(
        "公安 司法 文化 文旅 商务 林业 农业 卫生 卫健 水利 水务 安监 经信 公路 广电 国土 房管 应急 教育 财政 "
        "民政 交通 环保 住建 规划 统计 审计 金融 宣传 组织 城管 信访 海关 安全"
    )
)
"""Fields of government that look like names in a run (`公安、司法、文化`)."""

_TWO_CHARACTER_SURNAMES = frozenset(("欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "令狐", "司徒", "慕容", "夏侯"))
"""Family names of two characters, behind which a given name may be aligned by a blank."""

LONGEST_NAME = 18
"""No person's name has more characters."""

_COLUMN = 3
"""So many characters wide is the column of the names where posts run into it: `王 测副市长`, `李测试市甲局局长`."""

_LONGEST_LINE = 80
"""No line of a list whose labels stand in a column has more characters."""

LONGEST_ORGAN = 40
"""No organ's name has more characters; what is longer is a sentence."""

FOUNDING = ("成立", "建立", "设立", "组建", "调整")
"""Verbs that set up a group."""


def _spaced(word: str) -> str:
    return " {0,6}".join(word)


_ROLE = "|".join(_spaced(role) for role in sorted(ROLES, key=len, reverse=True))
_PLAIN_ROLE = "|".join(sorted((r for r in ROLES if r not in UNITS), key=len, reverse=True))
_LABEL = re.compile(
    rf"(?:(?<![{CHINESE}])|(?<=小组)|(?<=指挥部)|(?<=委员会)|(?<=联席会议)|(?<=[长任员记席]))"
    rf"(?P<role>{_ROLE})(?: {{0,6}}\([^()]{{1,24}}\))? {{0,6}}:"
)
_LABEL_ALONE = re.compile(rf"(?:\(?[一二三四五六七八九十\d]{{1,2}}[、.)] {{0,4}})?(?P<role>{_ROLE}) {{0,6}}")
_LABEL_BEFORE_BLANK = re.compile(rf"(?:\(?\d{{1,2}}[、.)]? {{0,4}})?(?P<role>{_ROLE}) {{1,12}}(?=[^ ])")
"""A label that stands in a column of its own, without a colon: `组 长  测试甲  副市长`."""
# Quick look before `_LABEL`: the last character of a role and a colon.
_LABEL_END = re.compile(rf"[{''.join(sorted({role[-1] for role in ROLES}))}](?: {{0,6}}\([^()]{{1,24}}\))? {{0,6}}:")
_HINT = re.compile(r"组长|组 |秘书长|顾问|成员|成 |召集|召 |指挥|指 |主任|主 |委员|委 ")

_NAME = rf"[{CHINESE}](?:[{CHINESE}· ]{{0,16}}[{CHINESE}])?"
_ENTRY = re.compile(
    rf"(?P<name>{_NAME}) {{0,8}}\( {{0,8}}(?P<post>(?:[^()]|\([^()]{{0,40}}\)){{1,160}}+)(?P<close>\)|$)"
)
_NUMBERING = re.compile(r" {0,8}(?:\(?\d{1,3}(?:[、.)] {0,4})|\([一二三四五六七八九十]{1,3}\) {0,4})")
_SEPARATORS = " 、,;。*-"
_ENTRY_ENDS = frozenset(")。;")
_ALSO = frozenset(("兼", "兼任"))
"""What stands in the place of the post of a person whose post the list has printed already."""
_NOT_A_NAME = re.compile(
    r"(?:[局委厅部院办处科室所站镇乡县区市省府]|街道|公司|中心|单位|部门|集团|协会|银行|主任|书记|[市局县区镇乡]长|部长|领导|同志|成员|"
    r"人员|小组|负责人)$"
)

_GROUP_NOUN = (
    r"(?:领导小组|工作小组|小组|联席会议|指挥部|委员会|工作专班|专班|协调机制|工作机制|组委会|筹委会|工作组|组)"
)
_FOUNDED = re.compile(
    rf"(?:成立|设立|建立|组建|调整|完善|启动)(?:了)?(?:由[^。]{{1,200}}?(?:组成|参加|参与|组长|成员)的)?(?P<group>[{CHINESE}、·“”()]{{2,60}}?{_GROUP_NOUN})"
    r"(?=[(,。;制的成组]|$)"
)
_OFFICE_OF = re.compile(rf"(?P<group>[{CHINESE}]{{2,40}}?(?:领导小组|指挥部|联席会议|委员会))办公室(?:设|主任)")
_LIST_WORDS = re.compile(
    r"(?:组成人员|组成单位|成员单位|成员|人员名单|名单|及其?(?:主要|工作)?职责|职责分工|主要职责|工作职责|行动细则|工作规则|组织机构图|的通知|的决定).*$"
)
_TITLE_LEAD = re.compile(r"^.{0,60}?关于(?=成立|调整|组建|设立|建立|充实|印发|公布|明确|更新)")
_TITLE_VERB = re.compile(
    r"^(?:附件\d{0,2}:?)?(?:(?:进一步)?(?:成立|调整|组建|设立|建立|充实|印发|公布|明确|更新|和|充实)){0,3}"
)
_GENERIC_HEADINGS = frozenset(("领导小组", "工作领导小组", "联席会议", "指挥部", "委员会", "机构", "组"))
_HEADING = re.compile(
    r"(?:[一二三四五六七八九十\d]{1,3}[、.]|\([一二三四五六七八九十\d]{1,3}\)) {0,4}"
    rf"(?P<name>[{CHINESE}、()“”]{{1,40}}?)(?:组成人员|成员名单|人员名单|成员|名单)?[:。]?"
)

_SAYS = re.compile("[:。;]|设在|兼任|担任|负责|由")
_OFFICE_HEAD = re.compile(r"办公室(?:设在|设于|设立在|设)[^。]{2,60}$")
_OFFICE_TAIL = re.compile(r".{0,8}(?:兼任|担任|任|兼)(?:领导小组|联席会议|指挥部)?办公室主任")
_OFFICE_BY_NAME = re.compile(
    r"(?P<who>[^,;。:]{2,40}?)(?P<comrade>同志)?(?:兼任|担任|兼|任)(?:领导小组|联席会议|指挥部|委员会)?办公室(?P<role>(?:常务)?副?主任)"
)
_OFFICE_PASSIVE = re.compile(
    r"(?:办公室|[,;。])(?P<role>(?:常务)?副?主任)由(?P<who>[^,;。]{2,80}?)(?P<comrade>同志)?(?:分别)?(?:兼任|担任|任|兼)"
)
_OFFICE_ACTIVE = re.compile(
    r"(?P<who>[^,;。:]{2,40}?)(?P<comrade>同志)?(?:兼任|担任|兼|任)(?P<role>(?:常务)?副?主任)(?=[,;。)]|$)"
)

_HOLDERS = re.compile(r"(?:\([^()]*\)|[^、])+")
_HOLDS = re.compile(r"(?P<name>[\u4e00-\u9fff·]{2,12}?)(?:同志)?\((?P<post>[^()]{3,40})\)")

_ROLE_BY = re.compile(rf"(?P<role>{_PLAIN_ROLE})由(?P<posts>[^。;]{{2,400}}?)(?:担任|兼任|组成|任(?=[,。;]))")
_BY_ROLE = re.compile(rf"(?<![主责])(?:担任|兼任|任|为)(?P<role>{_PLAIN_ROLE}|成员单位)(?=[,;。、)的]|$)")


class Seat(NamedTuple):
    """One seat of a group.

    `person` is None in lists of posts; `post` is as printed (organ and title together), None where only an organ or
    only a name stands there; `organ` is the organ of the first post. `start` and `end` are offsets in paragraph
    `paragraph`, from the name (or post) to the end of the entry.
    """

    group: str
    role: str
    person: str | None
    organ: str | None
    post: str | None
    paragraph: int
    start: int
    end: int


Notice = tuple[str, str, int]
"""A warning: code, Chinese message, paragraph index."""


def looks_like_member_list(title: str, paragraphs: Sequence[str]) -> bool:
    """True where the paragraphs, printed under `title`, hold seats: a labelled list or roles given in running text."""
    listed = "名单" in title or "组成人员" in title or _labels_in_column(paragraphs)
    for text in paragraphs:
        if not _HINT.search(text):
            continue
        if ":" in text and _LABEL_END.search(text):
            label = _LABEL.search(text)
            if label and (listed or ROLES[_role(label)] in (HEAD, DEPUTY)):
                return True
        if "任" in text and (
            (any(verb in text for verb in FOUNDING) and any(_running(text)))
            or any(ROLES[match["role"]] == HEAD for match in _ROLE_BY.finditer(text))
        ):
            return True
        if (
            "办公室" in text
            and _says_office_head(text)
            and any(office.search(text) for office in (_OFFICE_BY_NAME, _OFFICE_PASSIVE))
        ):
            return True
        if listed and (_LABEL_ALONE.fullmatch(text) or _LABEL_BEFORE_BLANK.match(text)):
            return True
    return False


def _labels_in_column(paragraphs: Sequence[str]) -> bool:
    """Whether lines begin with the label of who heads a group, and with another role's, each without a colon."""
    ranks = set()
    for text in paragraphs:
        label = _LABEL_ALONE.fullmatch(text) or _LABEL_BEFORE_BLANK.match(text) if _HINT.search(text) else None
        if label is not None and len(text) <= _LONGEST_LINE:
            ranks.add(ROLES[_role(label)])
    return HEAD in ranks and len(ranks) > 1


def follows(before: str, text: str) -> str | None:
    """Tell whether a line goes on with the entry that the line before leaves open; None where it begins its own.

    Returns what joins the two: nothing inside a post that a print wrapped, a blank between a name and its post that
    stand on a line each.
    """
    if (
        before[-1] in _ENTRY_ENDS
        or len(before) > LONGEST_NAME + 60
        or not 2 <= len(text) <= 60
        or (":" in text and _LABEL_END.search(text))
    ):
        return None
    words = before.split(":")[-1].split()
    if before[-1] == "、":
        return ""
    post = text.replace(" ", "")
    if not words or not ends_with_title(post) or "。" in text:
        return None
    last = words[-1]
    alone = ":" not in before and len(words) == 1
    label = _LABEL_ALONE.match(before) if not alone else None
    name = before[label.end() :].lstrip(": ") if label is not None else before
    if _is_surely_name(name.replace(" ", "")) and " " not in text.strip() and not _is_surely_name(post):
        return " "
    bare = not split_post(post)[0] and not _LABEL_ALONE.fullmatch(before)
    return (
        ""
        if bare and len(words) > 1 and len(last) > 2 and _NOT_A_NAME.search(last) and not ends_with_title(last)
        else None
    )


def group_name(title: str, paragraphs: Sequence[str] = ()) -> str:
    """Name of the group whose list stands under `title`; of the group a paragraph sets up if it names none."""
    name = _TITLE_VERB.sub("", _TITLE_LEAD.sub("", title.replace(" ", "")))
    cut = _LIST_WORDS.search(name, 2)
    if cut:
        name = name[: cut.start()]
    if re.search(rf"(?:{_GROUP_NOUN}|办公室)$", name):
        return name
    for text in paragraphs:
        founded = _FOUNDED.search(text) if "立" in text or "组建" in text or "调整" in text else None
        if founded:
            return founded["group"]
    for text in paragraphs:
        office = _OFFICE_OF.search(text) if "办公室" in text else None
        if office:
            return office["group"]
    return name


def find_seats(paragraphs: Sequence[str], title: str, known: Sequence[Seat] = ()) -> tuple[list[Seat], list[Notice]]:
    """Return the seats of the list printed under `title`, in printed order, and what a reader should check.

    Paragraphs may keep the blanks that align names; both forms give the same seats. `known` are the seats of a list
    further up: what is said of the group's office may name their holders.
    """
    reader = _Reader(paragraphs, group_name(title, paragraphs))
    reader.everyone.update((seat.person, seat) for seat in reversed(known) if seat.person)
    reader.read()
    return reader.seats, reader.notices


def _says_office_head(text: str) -> bool:
    return "主任" in text and ("兼任" in text or "担任" in text or "主任由" in text or "任办公室主任" in text)


def _role(label: re.Match[str]) -> str:
    return label["role"].replace(" ", "")


_NAME_IN_RUN = re.compile(r"(?<![^、,;。: ])[\u4e00-\u9fff] {1,4}[\u4e00-\u9fff](?![^、,;。 ])|[^、,;。 ]+")
"""A name in a run of names: two characters that a blank aligns, or a piece without blanks."""


def _is_name(text: str) -> bool:
    """True where `text` (without blanks) can be a person's name beside a post in brackets."""
    if "·" in text:
        return 3 <= len(text) <= LONGEST_NAME
    return 2 <= len(text) <= 4 and text[0] not in "各由市省县" and not _NOT_A_NAME.search(text)


def _is_surely_name(text: str) -> bool:
    return _is_name(text) and text[0] in SURNAMES and text not in FIELDS and not (text[3:] and ends_with_title(text))


def _running(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (role, start, end of its posts) for roles assigned in running text."""
    for m in _ROLE_BY.finditer(text):
        if text[m.start() - 3 : m.start()] != "办公室" and ROLES[m["role"]] != OFFICE:
            yield m["role"], m.start("posts"), m.end("posts")
    last = 0
    for m in _BY_ROLE.finditer(text):
        start = max(last, m.start() - 400)
        last = m.end()
        start = max(start, *(text.rfind(mark, start, m.start()) + 1 for mark in "。;:"))
        if "主任" in m["role"] and "办公室" in text[start : m.end()]:
            continue
        # The run of posts begins after 由, or after the last part between commas that is a statement of its own.
        opened = text.find("由", start, m.start())
        if opened >= 0:
            start = opened + 1
        else:
            while (comma := text.find(",", start, m.start())) >= 0 and (
                comma == start or any(verb in text[start:comma] for verb in FOUNDING)
            ):
                start = comma + 1
        if m.start() - start >= 2:
            yield m["role"], start, m.start()


class _Reader:
    """Reads one annex; `role` is the role of those who follow, None outside a list."""

    def __init__(self, paragraphs: Sequence[str], group: str) -> None:
        self.paragraphs = paragraphs
        self.base = self.group = group
        self.whole = "".join(paragraphs)[:20000]
        level = _OWN_LEVEL.search(self.base) or _OWN_LEVEL.search(self.whole)
        self.own_level = level[0] if level else None
        self.seats: list[Seat] = []
        self.notices: list[Notice] = []
        self.role: str | None = None
        self.printed: set[str] = set()
        self.persons: dict[str, Seat] = {}
        self.everyone: dict[str, Seat] = {}
        self.labels = [(i, m.start(), _role(m)) for i, text in enumerate(paragraphs) for m in self._labels(text)]
        self.label_count = 0
        # Rank of the lowest label from each label on: tells whether a list begins anew after a repeated label.
        self.lowest = [0]
        for _, _, role in reversed(self.labels):
            self.lowest.append(max(self.lowest[-1], ROLES[role]))
        self.lowest.reverse()
        self.office: list[tuple[str, int]] = []
        self.office_seats: set[tuple[str, str | None, str | None]] = set()
        self.in_column = 0
        self.head: tuple[str, int] | None = None
        self.tail: str | None = None

    @staticmethod
    def _labels(text: str) -> list[re.Match[str]]:
        if not _HINT.search(text):
            return []
        in_column = ":" not in text and "。" not in text and len(text) <= _LONGEST_LINE
        alone = _LABEL_ALONE.fullmatch(text) or (_LABEL_BEFORE_BLANK.match(text) if in_column else None)
        if alone:
            return [alone]
        return list(_LABEL.finditer(text)) if ":" in text and _LABEL_END.search(text) else []

    def read(self) -> None:
        for index, text in enumerate(self.paragraphs):
            self._paragraph(index, text)
        if not self.labels:
            for index, text in enumerate(self.paragraphs):
                for role, start, end in _running(text):
                    self._posts(index, role, text, start, end)
        self._offices()

    def _paragraph(self, index: int, text: str) -> None:
        labels = self._labels(text)
        if labels:
            if labels[0].start() > 3 and self.role:
                self._line(index, text, 0, labels[0].start())
            ends = [m.start() for m in labels[1:]] + [len(text)]
            for label, end in zip(labels, ends, strict=True):
                self._label(index, label)
                self._content(index, text, label.end(), self._office_start(text, label.end(), end))
            if "办公室" in text[labels[-1].end() :]:
                self._office_text(index, text[self._office_start(text, labels[-1].end(), len(text)) :])
        elif self._entry(index, text):
            return
        elif "办公室" in text and ("主任" in text or _OFFICE_HEAD.search(text)):
            self._office_text(index, text)
            if not _OFFICE_TAIL.match(text):
                self.role = None
        elif len(text) > 24:
            self.role = None

    def _entry(self, index: int, text: str) -> bool:
        """Read a line without a label: persons or posts that go on with a list, or the heading of another group."""
        if self.role and (self._line(index, text, 0, len(text)) or self._more_posts(index, text)):
            return True
        return len(text) <= 48 and self._heading(text)

    def _more_posts(self, index: int, text: str) -> bool:
        """Read a line of posts that goes on with a list of posts."""
        last = self.seats[-1] if self.seats else None
        if last is None or last.person or last.role != self.role or last.post is None or self.role is None:
            return False
        posts = text.rstrip(_SEPARATORS)
        if len(posts) > 60 or not ends_with_title(posts) or _SAYS.search(posts):
            return False
        self._posts(index, self.role, text, 0, len(posts))
        return True

    @staticmethod
    def _office_start(text: str, start: int, end: int) -> int:
        """Where, after the entries of a run-in list, the sentence on the office begins."""
        place = text.find("办公室设", start, end)
        if place < 0:
            return end
        return max(text.rfind(mark, start, place) for mark in ")。;") + 1 or end

    def _label(self, index: int, label: re.Match[str]) -> None:
        role = _role(label)
        rank = ROLES[role]
        self.label_count += 1
        if role in self.printed and self.role and ROLES[self.role] > rank:
            if self.lowest[self.label_count] >= ROLES[self.role]:
                self._open(self.group)
                self.notices.append(("second_list", f"“{role}”再次出现并另起一份名单，请核对所属机构", index))
            else:
                self.notices.append(
                    ("displaced_label", f"“{role}”在名单中间重复出现，其后人员仍按“{self.role}”记录", index)
                )
                return
        self.printed.add(role)
        self.role = role

    def _open(self, group: str) -> None:
        """Begin the list of another group."""
        self.group = group
        self.role = None
        self.printed = set()
        self.persons = {}

    def _heading(self, text: str) -> bool:
        """Take a numbered heading that names a group; True where it does."""
        m = _HEADING.fullmatch(text)
        if not m or not re.search(rf"(?:{_GROUP_NOUN}|办公室)$", m["name"]):
            return False
        name = m["name"]
        if name in ("办公室", "领导小组办公室", "联席会议办公室", "指挥部办公室"):
            name = f"{self.base}办公室"
        self._open(self.base if name in _GENERIC_HEADINGS else name)
        return True

    def _add(self, index: int, name: str, post: str | None, start: int, end: int, text: str) -> None:
        post = post.replace(" ", "") if post else None
        if post in _ALSO and name in self.everyone:
            post = self.everyone[name].post
        known = self.persons.get(name)
        if known and known.post == post and self.role and ROLES[self.role] != OFFICE:
            self.notices.append(("repeated_person", f"“{name}”在名单中重复出现，只记录一次", index))
            return
        role = self.role
        if role is None:
            return
        organ = split_post(post)[0] or None if post else None
        stripped = end - (len(text[start:end]) - len(text[start:end].rstrip(_SEPARATORS)))
        seat = Seat(self.group, role, name, organ, post, index, start, stripped)
        self.seats.append(seat)
        self.persons.setdefault(name, seat)
        self.everyone.setdefault(name, seat)

    def _content(self, index: int, text: str, start: int, end: int) -> None:
        """Read what stands behind a label: persons in one of the printed forms, else posts."""
        while start < end and text[start] in " *":
            start += 1
        if start >= end or self.role is None:
            return
        if self.role not in UNITS and self._line(index, text, start, end):
            return
        if self.role not in UNITS and self._names(index, text, start, end):
            return
        content = text[start:end].rstrip(_SEPARATORS)
        if self.role not in UNITS and self._unsplit(content):
            self.notices.append(("name_not_divided", f"“{content[:20]}”姓名与职务之间没有分隔，未记录，请核对", index))
            return
        self._posts(index, self.role, text, start, start + len(content))

    def _line(self, index: int, text: str, start: int, end: int) -> bool:
        """Read persons with their posts; False where the text does not begin with one."""
        numbering = _NUMBERING.match(text, start, end)
        if numbering:
            start = numbering.end()
        while start < end and text[start] == " ":
            start += 1
        return (
            ("(" not in text and self._names(index, text, start, end, least=2))
            or self._bracketed(index, text, start, end)
            or self._divided(index, text, start, end)
            or self._run_in(index, text, start, end)
        )

    def _bracketed(self, index: int, text: str, start: int, end: int) -> bool:
        found = False
        while start < end:
            entry = _ENTRY.match(text, start, end)
            name = entry["name"].replace(" ", "").removesuffix("同志") if entry else ""
            if not entry or not _is_name(name) or text[entry.end() : entry.end() + 1] == ":":
                break
            found = True
            if not entry["close"]:
                self.notices.append(("unclosed_bracket", f"“{name}”的职务括号没有结束，请核对", index))
            self._add(index, name, entry["post"].strip(), start, entry.end(), text)
            start = entry.end()
            while start < end and text[start] in _SEPARATORS:
                start += 1
        rest = text[start:end].strip(_SEPARATORS + ")")
        if found and rest:
            if _OFFICE_TAIL.match(rest):
                self.tail = rest
            elif "办公室" not in rest:
                self.notices.append(("stray_text", f"名单中有未能识别的文字“{rest[:20]}”", index))
        return found

    def _divided(self, index: int, text: str, start: int, end: int) -> bool:
        """Read persons divided from their posts by a blank or a comma, several persons divided by ; or by blanks."""
        entries: list[tuple[str, str, int, int]] = []
        for piece in re.finditer(r"[^;。]+", text[start:end]):
            words = [(w.group(), start + piece.start() + w.start()) for w in re.finditer(r"[^ ]+", piece.group())]
            if len(words) == 1:
                word, place = words[0]
                name, comma, post = word.partition(",")
                if not (comma and _is_surely_name(name) and ends_with_title(post)):
                    return False
                entries.append((name, post, place, place + len(word)))
                continue
            read = self._words(words)
            if not read:
                return False
            entries.extend(read)
        for name, post, first, last in entries:
            self._add(index, name, post, first, last, text)
            self.in_column += (
                " " in text[first : first + _COLUMN] and text[first + _COLUMN : first + _COLUMN + 1] != " "
            )
        return bool(entries)

    @staticmethod
    def _words(words: list[tuple[str, int]]) -> list[tuple[str, str, int, int]]:
        """Read `甲 某局局长 乙 某局局长`; a two-character name may itself be aligned by a blank (`测 试 某局局长`)."""
        entries: list[tuple[str, str, int, int]] = []
        i = 0
        while i < len(words):
            word, place = words[i]
            post = ""
            if i + 1 < len(words) and (
                word in _TWO_CHARACTER_SURNAMES if len(word) == 2 else len(word) == 1 and word in SURNAMES
            ):
                following = words[i + 1][0]
                # What stands in one piece behind the aligned second character is the post.
                name, post = word + following[0], following[1:]
                i += 2
                if len(following) == 1 and i < len(words) and len(words[i][0]) == 1 and len(name) < 4:
                    name += words[i][0]
                    i += 1
            elif len(words) == 2 and ends_with_title(word) and _is_surely_name(words[1][0]):
                return [(words[1][0], word, words[1][1], words[1][1] + len(words[1][0]))]
            elif _is_surely_name(word) or ("·" in word and _is_name(word)):
                name = word
                i += 1
            else:
                return []
            while i < len(words) and not (
                ends_with_title(post) and (_is_surely_name(words[i][0]) or len(words[i][0]) == 1)
            ):
                post += words[i][0]
                i += 1
            if not post or not _is_name(name):
                return []
            last = words[i - 1]
            entries.append((name, post, place, last[1] + len(last[0])))
        return entries

    def _names(self, index: int, text: str, start: int, end: int, least: int = 1) -> bool:
        """Read a run of bare names (`成员:甲、乙、丙`); False where one of them is none, or they are too few."""
        found = [(p.group(), start + p.start()) for p in _NAME_IN_RUN.finditer(text[start:end])]
        pieces = [(piece.replace(" ", "").removesuffix("同志"), piece, place) for piece, place in found]
        if len(pieces) < least or not all(_is_surely_name(name) for name, _, _ in pieces):
            return False
        for name, piece, place in pieces:
            self._add(index, name, None, place, place + len(piece), text)
        return True

    def _run_in(self, index: int, text: str, start: int, end: int) -> bool:
        """Read persons whose posts follow their names without a blank: `王测试副市长、李测试市某局局长`."""
        entries: list[tuple[str, int, int]] = []
        for piece in re.finditer(r"[^、,;。 ]+", text[start:end]):
            first, last = start + piece.start(), start + piece.end()
            length = self._name_before_post(piece.group())
            if not entries and not length and self._fills_column(piece.group()):
                length = _COLUMN
            if length:
                entries.append((piece.group()[:length], first, last))
            elif entries and ends_with_title(piece.group()):
                entries[-1] = (entries[-1][0], entries[-1][1], last)
            else:
                return False
        for name, first, last in entries:
            self._add(index, name, text[first + len(name) : last], first, last, text)
            self.in_column += len(name) == _COLUMN
        if entries:
            message = f"“{entries[0][0]}”等姓名与职务之间没有分隔，已按职务的层级分开，请核对"
            self.notices.append(("name_run_in", message, index))
        return bool(entries)

    def _fills_column(self, words: str) -> bool:
        """Whether a name of three characters may run into its post: names before it stand in a column so wide."""
        name = words[:_COLUMN]
        return (
            self.in_column >= _COLUMN
            and _is_surely_name(name)
            and name[:2] not in FIELDS
            and name[:2] not in _OPENS_POST
            and ends_with_title(words[_COLUMN:])
        )

    def _name_before_post(self, words: str) -> int:
        """How long the name is that runs into a post; 0 where that is not sure.

        The post begins with 副 or with the level of the group's own government or one above it: what stands before a
        lower one may be a place (`江宁区财政局局长` in a city's list). A place that the list or title names is none.
        """
        if words[:1] not in SURNAMES or not ends_with_title(words) or self.own_level is None:
            return 0
        above = _LEVELS[: _LEVELS.index(self.own_level) + 1] if self.own_level in "省市州盟" else _LEVELS
        for opening in (f"副{self.own_level}", above):
            for length in (2, 3):
                name, post = words[:length], words[length:]
                if (
                    post[:1] in opening
                    and post[1:2] != post[:1]
                    and _is_surely_name(name)
                    and "副" not in name
                    and name not in _OPENS_POST
                    and self.whole.count(words[: length + 1]) < 2
                    and name not in self.base
                ):
                    return length
        return 0

    def _unsplit(self, content: str) -> bool:
        """True for a name run into its post (`测试甲市某局局长`); a place that the list or title names is none."""
        if content[:1] not in SURNAMES or content.startswith(tuple(_OPENS_POST)) or not ends_with_title(content):
            return False
        for length in (2, 3):
            if content[length : length + 1] in POST_STARTS:
                place = content[: length + 1]
                if self.whole.count(place) < 2 and place[:length] not in self.base:
                    return True
        return False

    def _posts(self, index: int, role: str, text: str, start: int, end: int) -> None:
        """Read posts without persons; organs that share a title get one seat each."""
        for organ, post, first, last in read_posts(text, start, end):
            if post is None and organ and (holder := _named_holder(organ)):
                place = text.rindex(holder[0], first, last)
                name, held = holder
                self._seat(index, role, name, held, place, last)
                continue
            self.seats.append(Seat(self.group, role, None, organ, post, index, first, last))

    def _seat(self, index: int, role: str, name: str, post: str, start: int, end: int) -> None:
        """Add a person whom running text names."""
        seat = Seat(self.group, role, name, split_post(post)[0] or None, post, index, start, end)
        self.seats.append(seat)
        self.everyone.setdefault(name, seat)

    def _office_text(self, index: int, text: str) -> None:
        """Keep what is said of the group's office until all persons are known."""
        if "主任" in text:
            if _OFFICE_TAIL.match(text) and "设" not in text:
                self.tail = text
            else:
                self.office.append((text, index))
        elif _OFFICE_HEAD.search(text):
            self.head = (text, index)

    def _offices(self) -> None:
        """Add the seats of the office; a sentence cut in two by the columns is joined first."""
        if self.head and self.tail:
            self.office.append((self.head[0] + self.tail, self.head[1]))
            self.notices.append(("split_office_sentence", "办公室主任一句被分栏割裂，已拼接，请核对", self.head[1]))
        elif self.tail:
            self.notices.append(("split_office_sentence", "办公室主任一句缺少前半句，未记录", len(self.paragraphs) - 1))
        elif self.head and not self.head[0].endswith(
            ("。", ")", "局", "部", "委", "办", "院", "室", "厅", "中心", "公司")
        ):
            self.notices.append(("split_office_sentence", "办公室一句似被截断，请核对", self.head[1]))
        for text, index in self.office:
            place = text.find("办公室")
            seen: set[tuple[str, int]] = set()
            for pattern in (_OFFICE_BY_NAME, _OFFICE_PASSIVE, _OFFICE_ACTIVE):
                for m in pattern.finditer(text, place if pattern is _OFFICE_PASSIVE else 0):
                    if (m["role"], m.start("who")) in seen or m.start("role") < place:
                        continue
                    seen.add((m["role"], m.start("who")))
                    self._office_seats(m, index)

    def _office_seats(self, m: re.Match[str], index: int) -> None:
        role = f"办公室{m['role']}"
        length = len(self.paragraphs[index])
        for piece in _HOLDERS.finditer(m["who"]):
            who = piece.group().removeprefix("由").removesuffix("同志")
            name, post = self._holder(who, bool(m["comrade"]))
            if not name and not post:
                continue
            start = m.start("who") + piece.start() + piece.group().index(who) + (who.rindex(name) if name else 0)
            end = min(start + len(name or who), length)
            organ = split_post(post)[0] or None if post else None
            seat = Seat(self.base, role, name, organ, post, index, min(start, length), end)
            if (role, name, post) not in self.office_seats:
                self.office_seats.add((role, name, post))
                self.seats.append(seat)

    def _holder(self, who: str, comrade: bool) -> tuple[str | None, str | None]:
        """Divide the words before 兼任 into name and post; the post of a listed person comes from the list."""
        for length in range(min(len(who), LONGEST_NAME), 1, -1):
            known = self.everyone.get(who[-length:])
            if known:
                return known.person, known.post
        if ends_with_title(who):
            return None, who
        if (printed := _HOLDS.fullmatch(who)) is not None and _is_name(printed["name"]):
            return printed["name"], printed["post"]
        for length in (3, 2, 4):
            name, post = who[-length:], who[:-length]
            if _is_surely_name(name) and (ends_with_title(post) or not post):
                return name, post or None
        return (who, None) if comrade and _is_name(who) else (None, None)


def _named_holder(words: str) -> tuple[str, str] | None:
    """Divide `副市长测试甲` into name and post; None where no name follows a post."""
    for length in (3, 2):
        name, post = words[-length:], words[:-length]
        if len(post) >= 2 and _is_surely_name(name) and ends_with_title(post) and not ends_with_title(words):
            return name, post
    return None


def read_posts(text: str, start: int, end: int) -> list[tuple[str | None, str | None, int, int]]:
    """Read `text[start:end]` as posts: (organ, post, start, end) each.

    A title behind several organs belongs to each (`市甲局、乙局分管副局长`); organs without a title give post None, as
    do a post and its holder in one piece (`市甲局局长测试乙`).
    """
    seats: list[tuple[str | None, str | None, int, int]] = []
    run: int | None = None
    for words, first in _post_pieces(text[start:end], start):
        last = first + len(words)
        lead = len(words) - len(words.lstrip(" 由"))
        words, first = words[lead:].rstrip(" "), first + lead
        if not words:
            continue
        if not ends_with_title(words):
            if run is None and _named_holder(words) is not None:
                seats.append((words, None, first, last))
            else:
                run = first if run is None else run
            continue
        organ, title = split_post(words)
        if not organ and seats and run is None and text[seats[-1][3] : first] == "、":
            party, post, opened, _ = seats[-1]
            if post and post.endswith(_PARTY_TITLES):
                # 县委副书记、县长 is one person with two posts.
                seats[-1] = (party, f"{post}、{words}", opened, last)
                continue
        opened = first if run is None else run
        names = _organs(text[opened : first + len(organ)])
        if len(names) > 1:
            seats.extend((name, name + title, opened, last) for name in names)
        else:
            named = organ and not organ.endswith("的") and not organ.startswith(("负责", "协调", "联系", "分管"))
            seats.append((organ if named else None, words, first, last))
        run = None
    if run is not None:
        seats.extend((name, None, run, end) for name in _organs(text[run:end]))
    return seats


def _post_pieces(run: str, offset: int) -> Iterator[tuple[str, int]]:
    """Yield what stands between commas, cut at 和 where posts stand on both its sides, each with its place."""
    for piece in re.finditer(r"(?:[^、,;。()]|\([^()]{0,40}\)?|\))+", run):
        words, start = piece.group(), piece.start()
        for both in _BETWEEN_POSTS.finditer(words):
            left = words[start - piece.start() : both.start()]
            if ends_with_title(left) and ends_with_title(words[both.end() :]):
                yield left, offset + start
                start = piece.start() + both.end()
        yield words[start - piece.start() :], offset + start


_BETWEEN_POSTS = re.compile("以及|[和及](?!其)")
_PARTY_TITLES = ("副书记", "常委", "党组书记", "党委书记", "党组成员", "党委委员")


def _organs(run: str) -> list[str]:
    if not run.strip():
        return []
    found = split_organs(run.strip(" 由"), Level.CITY)
    return [name for name in (*found.names, *found.local) if len(name) <= LONGEST_ORGAN]
