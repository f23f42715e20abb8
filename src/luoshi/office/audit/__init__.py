"""Who did what to which record, before and after: appended only, chained by SM3."""
