"""The parameter book: dated values proposed by one person, approved by another."""
