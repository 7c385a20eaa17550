"""Training in RTL beside the golden model, with every counter compared."""
