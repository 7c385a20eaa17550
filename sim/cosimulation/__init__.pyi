from .comparison import (
    Difference as Difference,
)
from .comparison import (
    compare_batches as compare_batches,
)
from .comparison import (
    compare_counts as compare_counts,
)
from .comparison import (
    compare_states as compare_states,
)
from .lockstep import (
    Check as Check,
)
from .lockstep import (
    DifferenceError as DifferenceError,
)
from .lockstep import (
    LockstepNetwork as LockstepNetwork,
)
from .mismatch import MismatchError as MismatchError
from .mismatch import MismatchSearch as MismatchSearch
from .recording import record_batch as record_batch
from .training import CoreTraining as CoreTraining
from .training_setup import TrainingBatch as TrainingBatch
from .training_setup import TrainingSetup as TrainingSetup
