"""Folding a network onto an FPGA: devices, folding, cycle model, resources, search."""
