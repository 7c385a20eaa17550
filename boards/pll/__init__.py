"""PLL settings of each FPGA family."""
