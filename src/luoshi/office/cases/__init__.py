"""Cases: what a procedure does to one subject, with its clocks, signatures and story."""
