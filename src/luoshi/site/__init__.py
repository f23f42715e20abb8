"""The top floor: settings, urls, shell, design system, command line, API root."""
