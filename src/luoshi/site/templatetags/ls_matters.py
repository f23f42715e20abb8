"""Cells of lists of matters: a template included for each row would cost more than all its words."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from luoshi.site import typography
from luoshi.site.matter_rows import Done
from luoshi.site.templatetags.ls import ls_bar

register = template.Library()


@register.simple_tag
def ls_done(done: Done) -> SafeString:
    """Show target against done: the figure, what it is measured by, the bar with the plan's tick."""
    if not done.bar:
        return format_html('<span class="ls-done ls-muted" title="{}">{}</span>', done.of, typography.typeset(done.of))
    of = done.of if done.of == "%" else f"/ {done.of}"
    return format_html(
        '<span class="ls-done" title="{0} {1}"><b>{0}</b> <span class="ls-muted">{1}</span></span>{2}',
        done.words,
        of,
        ls_bar(done.percent, done.planned, done.tone),
    )
