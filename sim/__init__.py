"""The simulation: designs built with Verilator, benches, training in RTL."""
