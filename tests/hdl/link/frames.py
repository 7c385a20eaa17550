"""Contents and lines of bytes for tests of the link's frames."""

from random import Random

from metaplast.hdl.link.protocol import ESCAPE, FLAG, encode_frame

__all__ = ["byte_items", "damaged_line", "random_contents"]


def byte_items(content: bytes) -> list[dict[str, int]]:
    """A content's bytes as stream items, the last one marked."""
    return [{"byte": byte, "last": at == len(content) - 1} for at, byte in enumerate(content)]


def random_contents(random: Random, count: int = 10) -> list[bytes]:
    """Short and long contents, half of them with many bytes to escape."""
    values = [FLAG, ESCAPE, 0x5E, 0], range(256)
    return [
        bytes(random.choices(random.choice(values), k=random.choice([1, 2, 3, 8, 40])))
        for _ in range(count)
    ]


def damaged_line(random: Random, count: int = 15) -> bytes:
    """Noise, and then frames of all lengths, many of them damaged in some way."""
    sent = bytearray(random.choices(range(256), k=20))
    for _ in range(count):
        special = random.random() < 0.5
        values = [FLAG, ESCAPE, 0x5E, 0x5D, 0] if special else range(256)
        content = bytes(random.choices(values, k=random.choice([0, 1, 2, 3, 7, 30])))
        frame = bytearray(encode_frame(content))
        match random.randrange(6):
            case 0:
                frame[random.randrange(len(frame))] ^= 1 << random.randrange(8)
            case 1:
                del frame[random.randrange(len(frame))]
            case 2:
                frame.insert(random.randrange(len(frame)), random.randrange(256))
            case 3:
                frame[-1:] = [ESCAPE, FLAG]
        sent += frame[1:] if random.random() < 0.5 and sent[-1] == FLAG else frame
    return bytes(sent)
