"""Notices: numbered papers, their templates, what was published where and the proof of it."""
