"""`metaplast devices`."""

from typing import Annotated, Any

import typer

from ..options.options import JsonOption, require_at_least, whole_number
from ..terminal.output import print_json, require

__all__ = ["register"]

PATIENCE = 0.5


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(devices)


def devices(
    baud: Annotated[
        int | None,
        typer.Option(
            parser=whole_number, metavar="N", help="Bits per second.", show_default="1,000,000"
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the serial ports, and which of them have a Metaplast board."""
    if baud is not None:
        require_at_least("--baud", baud, 1)
    for package in ("amaranth", "serial"):
        require(package, extra="boards", purpose="looking for boards")
    from serial.tools.list_ports import comports

    from ...boards.driver.board_trainer import open_client
    from ...boards.driver.identification import WrongBoardError, identify
    from ...boards.driver.link_client import BAUD, LinkError, NoAnswerError

    found: list[dict[str, Any]] = []
    for port in sorted(comports(), key=lambda port: port.device):
        entry: dict[str, Any] = {"port": port.device, "description": port.description}
        try:
            with open_client(port.device, baud=baud or BAUD, patience=PATIENCE) as client:
                shape = identify(client)
            entry |= {"board": str(shape), "clock_khz": shape.clock_khz}
        except NoAnswerError:
            entry["board"] = None
        except (WrongBoardError, LinkError) as error:
            entry |= {"board": None, "trouble": str(error)}
        found.append(entry)
    if json:
        print_json({"ports": found})
        return
    if not found:
        typer.echo("no serial ports are there; plug a board in, or use virtual:BOARD")
    for entry in found:
        says = entry["board"] or entry.get("trouble") or "no Metaplast board answers"
        typer.echo(f"{entry['port']}  {entry['description']}: {says}")
