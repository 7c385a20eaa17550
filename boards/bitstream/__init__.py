"""Building a bitstream, reading the reports of the tools, the HTML report, flashing."""
