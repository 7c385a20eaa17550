"""Training as the commands run it: data, epochs, what is kept, what is printed."""
