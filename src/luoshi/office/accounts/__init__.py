"""People who work here: accounts, the organs and roles they hold, delegations, tokens."""
