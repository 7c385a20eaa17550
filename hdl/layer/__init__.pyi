from .commit_sequencer import CommitSequencer as CommitSequencer
from .layer_engine import LayerEngine as LayerEngine
from .layer_registers import LayerRegisters as LayerRegisters
from .metadata_queue import MetadataQueue as MetadataQueue
from .sample_layouts import (
    batch_end_layout as batch_end_layout,
    metadata_layout as metadata_layout,
    result_layout as result_layout,
    sample_layout as sample_layout,
    sample_word_layout as sample_word_layout,
)
from .sample_serialiser import SampleSerialiser as SampleSerialiser
from .saturation_total import SaturationTotal as SaturationTotal
from .training_queue import TrainingQueue as TrainingQueue, evaluated_layout as evaluated_layout
