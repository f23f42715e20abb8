"""Tests of key-work supervision."""
