"""A small gazette with invented persons: the lists and acts on which the examples of organs 14 turn."""

from __future__ import annotations

NUMBERS = {
    "A": "乳政发〔2018〕4号",
    "B": "乳政办发〔2018〕1号",
    "C": "乳政办发〔2018〕3号",
    "D": "乳政办发〔2018〕9号",
    "E": "乳政办发〔2019〕6号",
    "任2": "乳政任〔2019〕2号",
    "任3": "乳政任〔2019〕3号",
}

_LIST = """{issuer}
关于成立{group}的通知
{number}
各镇人民政府，市政府各部门、单位：
为做好街边长椅管护，经市政府同意，成立{group}，现将名单印发给你们。
{sign}{day}
附件
{group}成员名单
{seats}
{office}
"""

_SEATS = {
    "A": """组长：测试甲（市政府副市长）
副组长：测试乙（市国土资源局局长）
成员：测试丙（市发展和改革委员会）
测试寅（诸往镇镇长）
测试卯（海阳所镇镇长）""",
    "B": """组长：测试甲（市政府副市长）
副组长：测试丁（市住房和城乡建设局局长、人防办主任）
成员：测试戊（市住房和城乡建设局党委委员、镇村建设监督管理中心主任）
测试己（市民政局社会救助中心主任）
测试寅（诸往镇镇长）
测试卯（海阳所镇镇长）
测试辰（育黎镇镇长）""",
    "C": """总召集人：测试甲（市政府副市长）
副召集人：测试庚（市综合行政执法局局长）
成员：测试乙（市国土资源局局长）
测试丁（市住房和城乡建设局局长）
测试晨（市农业局局长）""",
    "D": """总召集人：测试辛（市委常委、市政府副市长、党组副书记）
召集人：测试壬（市财政局局长）
成员：测试辛（市委常委、市政府副市长、党组副书记）
测试癸（市商务局副局长）
测试庚（市人社局副局长）""",
    "E": """组长：测试辛（市委常委、市政府副市长）
副组长：测试甲（市政府副市长）
成员：测试乙（市自然资源局党组书记）
测试壬（市财政局局长）
测试丁（市住房和城乡建设局局长）
测试巳（市农业农村局局长）
测试午（诸往镇镇长）
测试未（海阳所镇副镇长）""",
}
_OFFICES = {
    "A": "领导小组办公室设在市国土资源局，测试乙同志兼任办公室主任。",
    "B": "领导小组办公室设在市住房和城乡建设局，测试戊同志兼任办公室主任。",
    "C": "联席会议办公室设在市综合行政执法局，测试庚同志兼任办公室主任。",
    "D": "联席会议办公室设在市财政局。",
    "E": "领导小组办公室设在市自然资源局，测试乙同志兼任办公室主任。",
}
_GROUPS = {
    "A": "乳山市长椅调查领导小组",
    "B": "乳山市长椅修补工作领导小组",
    "C": "市长椅管护工作联席会议",
    "D": "乳山市长椅保障工作联席会议",
    "E": "市长椅更新工作领导小组",
}
_DAYS = {"A": "", "B": "2018年1月5日", "C": "2018年2月11日", "D": "2018年3月14日", "E": "2019年5月8日"}

_APPOINTMENTS = """乳山市人民政府任免的工作人员名单
{number}
乳山市人民政府{day}决定：
任命：
{appointed}
免去：
{removed}
乳山市人民政府
{day}
"""


def member_list(letter: str, **seats: str) -> str:
    """The text of one list; `seats` replaces printed names (old=new)."""
    printed = _SEATS[letter]
    for old, new in seats.items():
        printed = printed.replace(old, new)
    office = "乳山市人民政府" if letter == "A" else "乳山市人民政府办公室"
    return _LIST.format(
        issuer=office,
        group=_GROUPS[letter],
        number=NUMBERS[letter],
        sign=f"{office}\n" if _DAYS[letter] else "",
        day=_DAYS[letter],
        seats=printed,
        office=_OFFICES[letter],
    )


def appointments(letter: str) -> str:
    """The text of one appointment list."""
    if letter == "任2":
        appointed = "测试申为乳山市退役军人事务局副主任科员；\n测试酉为乳山市市场监管局副主任科员。"
        removed = (
            "测试申的乳山市民政局副主任科员职务；\n测试戌的乳山市水利局副主任科员职务，保留原职级；\n"
            "测试亥的乳山市商务局副局长职务。"
        )
        day = "2019年3月4日"
    else:
        appointed = (
            "测试子为乳山市自然资源局局长；\n测试巳为乳山市农业农村局局长；\n测试丑为乳山市商务局局长；\n"
            "测试天为乳山市行政审批服务局局长。"
        )
        removed = "测试天的乳山市商务局局长职务。"
        day = "2019年4月3日"
    return _APPOINTMENTS.format(number=NUMBERS[letter], day=day, appointed=appointed, removed=removed)


def texts() -> dict[str, str]:
    """Every document as a file of its own, by name."""
    lists = {f"{letter}.txt": member_list(letter) for letter in _SEATS}
    return lists | {f"{letter}.txt": appointments(letter) for letter in ("任2", "任3")}
