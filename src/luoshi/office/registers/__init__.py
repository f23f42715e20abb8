"""Registers: the records programmes keep, imported, corrected and exported as tables."""
