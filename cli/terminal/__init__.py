"""Terminal of the command line: output, plots, interrupts, class labels."""
