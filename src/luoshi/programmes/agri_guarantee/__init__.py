"""Agricultural credit guarantee and its risk compensation fund (乳政发〔2018〕5号, 乳政办发〔2018〕7号)."""
