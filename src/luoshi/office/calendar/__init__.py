"""The working calendar at work: the decision `calendar.limit`, when a limit ends and why."""
