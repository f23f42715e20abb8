"""The compiler: a gazette's text in; instruments, clauses, duties, targets and appointments out. Pure Python."""
