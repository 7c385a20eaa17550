from .cache import (
    CacheError as CacheError,
    cache_directory as cache_directory,
    content_key as content_key,
    get_or_build as get_or_build,
)
from .process import (
    ProgramResult as ProgramResult,
    Runner as Runner,
    ToolError as ToolError,
    describe_exit as describe_exit,
    run_program as run_program,
    start_program as start_program,
)
from .templates import render_template as render_template
