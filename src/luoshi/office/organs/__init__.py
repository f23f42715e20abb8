"""Organs of the city: the packaged directory of names, successions and wildcards, and who answers for what today."""
