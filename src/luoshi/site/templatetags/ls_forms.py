"""Template tags for forms."""

from __future__ import annotations

import secrets

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from luoshi.site.repetition import FIELD

register = template.Library()


@register.simple_tag
def once_key() -> SafeString:
    """Put a key into a form, so that sending it twice does the act once."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, secrets.token_urlsafe(18))
