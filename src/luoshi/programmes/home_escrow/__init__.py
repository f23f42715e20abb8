"""Supervised money of existing-home sales: deposits, release, refund, holds (乳政办发〔2018〕10号)."""
