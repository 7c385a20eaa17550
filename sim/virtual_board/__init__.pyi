from .noisy_line import NoisyLine as NoisyLine
from .virtual_board import VirtualBoard as VirtualBoard, build_board as build_board
