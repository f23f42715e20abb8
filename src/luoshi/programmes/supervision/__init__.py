"""Key-work supervision: plan, items, smallest tasks, lights, letters, cross-off, scores (乳政发〔2019〕2号)."""
