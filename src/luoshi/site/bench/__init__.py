"""Benchmarks: one module per claim, its peer measured in the same run; `luoshi bench NAME`."""
