"""Work points of an invented year in a gazette's form, for tests."""

from __future__ import annotations

KEY = "乳政发〔2019〕902号"


def work_points() -> str:
    """Return two items in two chapters; the first has a wildcard to be designated."""
    return """乳山市人民政府
关于印发市政府2019年工作要点（测试）的通知
乳政发〔2019〕902号
各镇人民政府，城区街道办事处，滨海新区、经济开发区管委，市政府有关部门、单位：
现将《市政府2019年工作要点（测试）》印发给你们，请抓好落实。
乳山市人民政府
2019年4月10日
市政府2019年工作要点（测试）
一、修好街巷
1.换装楼道灯具，年内更换楼道灯3000盏，改造老旧水管12公里。（责任单位：市住建局；配合单位：市财政局、各相关镇区）
二、帮好农家
2.办好农机课堂，年内培训农机手500人次。（责任单位：市农业农村局）
"""
