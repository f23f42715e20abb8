"""Indicators: targets against measurements, by period and place."""
