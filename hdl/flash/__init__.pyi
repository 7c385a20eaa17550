from .flash_reader import FlashReader as FlashReader
