"""A simulated trainer core and the process that it runs in."""
