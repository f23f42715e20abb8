"""Files kept as evidence: bounded, checked, named by their digest, never changed."""
