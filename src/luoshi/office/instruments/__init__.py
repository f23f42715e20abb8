"""The library: gazette files, the instruments read from them with all their versions, clauses and relations."""
