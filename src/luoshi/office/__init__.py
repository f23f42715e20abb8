"""What every programme works with: organs, instruments, duties."""
