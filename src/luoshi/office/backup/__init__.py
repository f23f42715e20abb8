"""Backup and restore: one archive, the same for SQLite and PostgreSQL, proven by its digests and by the audit trail."""
