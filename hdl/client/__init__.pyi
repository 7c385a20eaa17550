from .core_records import (
    CoreBatch as CoreBatch,
)
from .core_records import (
    CoreCounts as CoreCounts,
)
from .core_records import (
    LostBatchesError as LostBatchesError,
)
from .remote_core import RemoteCore as RemoteCore
from .transport import (
    Access as Access,
)
from .transport import (
    BatchCounts as BatchCounts,
)
from .transport import (
    RefusedError as RefusedError,
)
from .transport import (
    SampleResults as SampleResults,
)
from .transport import (
    Transport as Transport,
)
from .transport import (
    TransportError as TransportError,
)
