"""The registers of heavy pollution weather."""
