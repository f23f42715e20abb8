"""The duty ledger: who owes what by when, each row with its clause."""
