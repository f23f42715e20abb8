"""What key-work supervision keeps; smallest tasks are matters of the office with what the plan adds to them."""
