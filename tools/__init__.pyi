from .cache import (
    CacheError as CacheError,
)
from .cache import (
    cache_directory as cache_directory,
)
from .cache import (
    content_key as content_key,
)
from .cache import (
    get_or_build as get_or_build,
)
from .process import (
    ProgramResult as ProgramResult,
)
from .process import (
    Runner as Runner,
)
from .process import (
    ToolError as ToolError,
)
from .process import (
    describe_exit as describe_exit,
)
from .process import (
    run_program as run_program,
)
from .process import (
    start_program as start_program,
)
from .templates import render_template as render_template
