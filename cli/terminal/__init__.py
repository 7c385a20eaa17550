"""What the command line prints and draws, and how it is interrupted."""
