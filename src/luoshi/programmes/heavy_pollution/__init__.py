"""Heavy pollution weather: forecast, warning, response, release (乳政办发〔2018〕2号)."""
