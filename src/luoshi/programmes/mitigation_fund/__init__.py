"""Capital market mitigation fund: loans to listed firms, three votes, shared losses (乳政办发〔2019〕5号)."""
