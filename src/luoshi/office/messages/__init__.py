"""Messages to people: in the page and by e-mail."""
