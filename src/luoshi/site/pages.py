"""Pages, as the rooms of the site call them; see `office.web`."""

from luoshi.office.web import page, render_block, wants_fragment

__all__ = ["page", "render_block", "wants_fragment"]
