from .register_declaration import Register as Register, RegisterGroup as RegisterGroup
from .register_file import RegisterFile as RegisterFile
from .register_map import (
    GlobalRegister as GlobalRegister,
    LayerRegister as LayerRegister,
    LinkRegister as LinkRegister,
    Status as Status,
    layer_address as layer_address,
    link_address as link_address,
)
from .request_router import RequestRouter as RequestRouter
from .requests import request_layout as request_layout, response_layout as response_layout
