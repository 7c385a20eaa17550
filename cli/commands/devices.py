"""`metaplast devices`: list the serial ports and the boards on them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..options.options import JsonOption, require_at_least, whole_number
from ..terminal.output import print_json, printable, require

if TYPE_CHECKING:
    from ...boards.driver.ports import PortInfo

__all__ = ["register"]

PATIENCE = 0.5
"""Seconds to wait for an answer from a port."""

NETWORK = ("inputs", "hidden", "groups", "classes", "counter_bits")

NOT_ASKED = "not asked, as no supported board has its USB id (`metaplast devices --all` asks it)"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(devices)


def devices(
    all_: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Ask every serial port, not only those with the USB id of a supported board.",
        ),
    ] = False,
    baud: Annotated[
        int | None,
        typer.Option(
            parser=whole_number, metavar="N", help="Bits per second.", show_default="1,000,000"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the serial ports and the Metaplast boards on them.

    Shows the network of a board, and the capacity of a universal trainer.
    Sends a request to each port with the USB vendor and product of a supported
    board. With --all, asks boards behind other adapters, too.
    """
    if baud is not None:
        require_at_least("--baud", baud, 1)
    require("serial", extra="driver", purpose="listing serial ports")
    from ...boards.driver.ports import BAUD, list_ports

    found = [_entry(info, ask_any=all_, baud=baud or BAUD) for info in list_ports()]
    if json:
        print_json({"ports": found})
        return
    if not found:
        typer.echo("there are no serial ports; plug in a board, or use virtual:BOARD")
    for entry in found:
        typer.echo(_line(entry))


def _entry(info: "PortInfo", *, ask_any: bool, baud: int) -> dict[str, Any]:
    """The JSON entry of a port; asks the port for its board."""
    from ...boards.driver.errors import LinkError, NoAnswerError
    from ...boards.driver.identification import identify
    from ...boards.driver.ports import open_client
    from ...boards.targets.catalogue import boards_with_usb

    candidates = [board.name for board in boards_with_usb(info.usb)]
    asked = ask_any or bool(candidates)
    entry: dict[str, Any] = {
        "port": info.port,
        "description": info.description,
        "usb": None if info.usb is None else "{:04x}:{:04x}".format(*info.usb),
        "may_be": candidates,
        "asked": asked,
        "board": None,
        "capacity": None,
        "network": None,
        "clock_khz": None,
        "reason": None if asked else NOT_ASKED,
    }
    if not asked:
        return entry
    try:
        with open_client(info.port, baud=baud, patience=PATIENCE) as client:
            shape = identify(client)
    except NoAnswerError:
        entry["reason"] = f"no Metaplast board answers at {baud:,} bits per second"
    except LinkError as error:
        entry["reason"] = str(error)
    else:
        network = {name: getattr(shape, name) for name in NETWORK} if shape.is_set_up else None
        entry |= {"board": str(shape), "network": network, "clock_khz": shape.clock_khz}
        if shape.trainer is not None:
            entry["capacity"] = shape.trainer.capacity.to_dict()
    return entry


def _line(entry: dict[str, Any]) -> str:
    """The line of text of a port."""
    details = [entry["description"], entry["usb"] and f"USB {entry['usb']}"]
    if entry["may_be"]:
        details.append(f"may be {' or '.join(entry['may_be'])}")
    answer = entry["board"] or entry["reason"]
    if entry["clock_khz"]:
        answer += f", {entry['clock_khz'] / 1000:g} MHz"
    known = ", ".join(filter(None, details))
    return printable(f"{entry['port']}  {': '.join(filter(None, (known, answer)))}")
