from .core_records import (
    CoreBatch as CoreBatch,
    CoreCounts as CoreCounts,
    LostBatchesError as LostBatchesError,
)
from .remote_core import RemoteCore as RemoteCore
from .transport import (
    Access as Access,
    BatchCounts as BatchCounts,
    RefusedError as RefusedError,
    SampleResults as SampleResults,
    Transport as Transport,
    TransportError as TransportError,
)
