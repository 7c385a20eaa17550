from .noisy_line import NoisyLine as NoisyLine
from .virtual_board import VirtualBoard as VirtualBoard
from .virtual_board import build_board as build_board
