from .error_detector import ErrorDetector as ErrorDetector
from .forward_bank import ForwardBank as ForwardBank
from .forward_pass import ForwardPass as ForwardPass
from .group_selector import GroupSelector as GroupSelector, choice_layout as choice_layout
from .local_scores import LocalScores as LocalScores
from .neuron_array import NeuronArray as NeuronArray
from .pass_sequencer import PassSequencer as PassSequencer
