"""检查运行状况：数据库、磁盘、任务、封存、备份、邮件、日历。"""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from luoshi.site.setup import prepare


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def command(as_json: bool) -> None:
    """Carry out every check; exit status 1 when one fails."""
    prepare()
    from luoshi.site.health import FAIL, run, worst

    checks = run()
    if as_json:
        click.echo(json.dumps({"state": worst(checks), "checks": [asdict(one) for one in checks]}, ensure_ascii=False))
    else:
        words = {"ok": "正常", "warn": "留意", "fail": "故障"}
        for one in checks:
            click.echo(
                f"{words[one.state]}  {one.title}：{one.words}" + (f"\n      {one.remedy}" if one.remedy else "")
            )
    raise SystemExit(1 if worst(checks) == FAIL else 0)
