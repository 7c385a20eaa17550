"""The trainer core as Verilog, with the documents that describe it."""
