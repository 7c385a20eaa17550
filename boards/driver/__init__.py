"""The host driver: talk to a board over a serial port and train it."""
