"""One module a command; each has the attribute `command`, and its docstring's first line is its help."""
