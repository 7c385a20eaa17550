from .comparison import (
    Difference as Difference,
    compare_batches as compare_batches,
    compare_counts as compare_counts,
    compare_states as compare_states,
)
from .lockstep import (
    Check as Check,
    DifferenceError as DifferenceError,
    LockstepNetwork as LockstepNetwork,
)
from .mismatch import MismatchError as MismatchError, MismatchSearch as MismatchSearch
from .recording import record_batch as record_batch
from .training import CoreTraining as CoreTraining
from .training_setup import TrainingBatch as TrainingBatch, TrainingSetup as TrainingSetup
