"""The words every floor speaks: citations, money, calendar, time limits, parameters, decisions. Pure Python."""
