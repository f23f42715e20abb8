"""Tests of supervised money of home sales."""
