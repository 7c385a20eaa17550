from .register_file import RegisterFile as RegisterFile
from .register_map import (
    GlobalRegister as GlobalRegister,
)
from .register_map import (
    LayerRegister as LayerRegister,
)
from .register_map import (
    LinkRegister as LinkRegister,
)
from .register_map import (
    Register as Register,
)
from .register_map import (
    RegisterGroup as RegisterGroup,
)
from .register_map import (
    Status as Status,
)
from .register_map import (
    layer_address as layer_address,
)
from .register_map import (
    link_address as link_address,
)
from .request_router import RequestRouter as RequestRouter
from .requests import request_layout as request_layout
from .requests import response_layout as response_layout
