from .build import build_bitstream as build_bitstream
from .description import Build as Build
from .errors import BuildError as BuildError
from .html_report import render_page as render_page
from .loader import (
    data_command as data_command,
    flash as flash,
    loader_command as loader_command,
)
