"""luoshi (落实): a gazette announces, luoshi puts it into effect."""

__version__ = "0.1.0"
