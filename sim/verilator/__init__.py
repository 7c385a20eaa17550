"""Designs built with Verilator and run under cocotb."""
