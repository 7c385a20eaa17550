from .dirty_neurons import DirtyNeurons as DirtyNeurons
from .draw_decoder import DrawDecoder as DrawDecoder
from .initialiser import Initialiser as Initialiser
from .reinforcement import Reinforcement as Reinforcement
from .sample_buffer import SampleBuffer as SampleBuffer
from .update_engine import UpdateEngine as UpdateEngine
