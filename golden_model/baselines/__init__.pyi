from .committee import CommitteeMachine as CommitteeMachine
from .gate_counts import (
    adam_gates as adam_gates,
    binary_gates as binary_gates,
    committee_gates as committee_gates,
    sgd_gates as sgd_gates,
    straight_through_gates as straight_through_gates,
)
from .straight_through import StraightThroughNetwork as StraightThroughNetwork
