"""Tests of the mitigation fund."""
