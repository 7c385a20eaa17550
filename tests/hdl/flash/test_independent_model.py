# amaranth: UnusedElaboratable=no
"""Exported Verilog of the reader with the flash model of cocotbext-qspi, in Icarus Verilog.

The model was made by others. It has the commands ABh, 66h, 99h, 9Fh, 05h, 03h, EBh, and power-down.
It has no QPI mode, no continuous reads and no command 35h. After 35h nobody drives the lines, so
the quad enable bit of a Winbond flash is the level of a pull-up or pull-down. In its status (05h),
the quad enable bit of an ISSI flash is always 0. It takes commands during a reset, too.
"""

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest
from cocotbext.qspi import verilog_dir

from metaplast.hdl.export.verilog import to_verilog
from metaplast.hdl.flash import FlashReader

pytestmark = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="Icarus Verilog is not installed"
)

CLOCK_HERTZ = 60_000_000
SIZE = 65536
READS = 40

BENCH = """
`timescale 1ns / 1ps
module bench;
    reg clk = 0;
    always #8.333 clk = ~clk;

    wire sck, cs, valid, reader_ready, quad, idle;
    wire [3:0] d_o, d_oe;
    wire [7:0] payload;
    wire [23:0] id;
    reg [23:0] address;
    reg start = 0, stop = 0, ready = 0;

    // Delays from the clock to the pins of the flash, and from there to the registers, with tCLQV
    wire [3:0] io;
    reg [3:0] sent, driven = 0, d_i;
    reg flash_sck = 0, flash_cs_n = 1;
    always @* begin
        flash_sck <= #(`TO_FLASH) sck;
        flash_cs_n <= #(`TO_FLASH) ~cs;
        sent <= #(`TO_FLASH) d_o;
        driven <= #(`TO_FLASH) d_oe;
        d_i <= #(`FROM_FLASH) io;
    end
    genvar line;
    for (line = 0; line < 4; line = line + 1) begin
        assign io[line] = driven[line] ? sent[line] : 1'bz;
        assign (pull1, pull0) io[line] = line < 2 ? `PULL : 1'b1;
    end

    flash_reader reader (
        .clk(clk), .rst(1'b0), .sck(sck), .cs(cs), .d_o(d_o), .d_oe(d_oe), .d_i(d_i),
        .address(address), .start(start), .stop(stop), .ready(reader_ready), .idle(idle),
        .id(id), .quad(quad), .o__payload(payload), .o__valid(valid), .o__ready(ready));
    qspi_flash #(.DUMMY(4), .ID0(`MANUFACTURER)) flash (
        .clk(flash_sck), .csb(flash_cs_n), .io(io));

    reg [23:0] addresses [0:`READS - 1];
    integer number, left;
    initial begin
        #1;
        $readmemh("bytes.hex", flash.memory);
        $readmemh("addresses.hex", addresses);
        flash.powered_up = 0;
        wait (reader_ready);
        $display("id %h quad %b", id, quad);
        for (number = 0; number < `READS; number = number + 1) begin
            @(negedge clk);
            address = addresses[number];
            start = 1;
            @(negedge clk);
            address = $random;
            start = 0;
            left = number % 20;
            while (left > 0) begin
                ready = number % 2 == 0 || ($random & 3) == 0;
                #1;
                if (valid && ready) begin
                    $display("%h", payload);
                    left = left - 1;
                end
                @(negedge clk);
            end
            ready = 0;
            if (number % 3 == 0) begin
                repeat (number) @(negedge clk);
                stop = 1;
                @(negedge clk);
                stop = 0;
            end
        end
        $finish(0);
    end
    initial begin
        #3000000;
        $display("the bench did not end within 3 ms");
        $finish(0);
    end
endmodule
"""


def simulate(
    directory: Path, *, lines: int, manufacturer: int, pull: int, to_flash: int, from_flash: int
) -> tuple[list[str], list[str]]:
    """Lines that the bench prints, and lines that are expected but for the first."""
    random = Random(lines + manufacturer)
    contents = random.randbytes(SIZE)
    addresses = [random.getrandbits(24) for _ in range(READS)]
    addresses[5] = addresses[12] = SIZE - 3  # and on from 0, the start of the model
    reader = FlashReader(lines=lines, clock_hertz=CLOCK_HERTZ)
    (directory / "reader.v").write_text(to_verilog(reader, name="flash_reader"))
    (directory / "bench.v").write_text(BENCH)
    (directory / "bytes.hex").write_text("\n".join(f"{byte:02x}" for byte in contents))
    (directory / "addresses.hex").write_text("\n".join(f"{one:06x}" for one in addresses))
    values = {
        "TO_FLASH": to_flash,
        "FROM_FLASH": from_flash,
        "PULL": f"1'b{pull}",
        "MANUFACTURER": f"8'h{manufacturer:02x}",
        "READS": READS,
    }
    subprocess.run(
        [
            *("iverilog", "-g2012", "-s", "bench", "-o", "bench"),
            *(f"-D{name}={value}" for name, value in values.items()),
            *("bench.v", "reader.v", str(verilog_dir() / "qspi_flash.v")),
        ],
        cwd=directory,
        check=True,
    )
    done = subprocess.run(
        ["vvp", "-n", "bench"],
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
    )
    expected = [
        f"{contents[(address + n) % SIZE]:02x}"
        for number, address in enumerate(addresses)
        for n in range(number % 20)
    ]
    return done.stdout.splitlines(), expected


# Two cycles are 33.3 ns. The clock reaches the flash, and the data come back, in 33 ns.
IN_TIME = {"to_flash": 11, "from_flash": 22}


@pytest.mark.parametrize(
    ("lines", "manufacturer", "pull", "quad"),
    [(4, 0xEF, 1, 1), (4, 0xEF, 0, 0), (4, 0x9D, 1, 0), (1, 0xEF, 1, 0)],
    ids=["quad", "quad not enabled", "ISSI, quad not enabled", "one line"],
)
def test_bytes_are_those_of_the_model(
    lines: int, manufacturer: int, pull: int, quad: int, tmp_path: Path
) -> None:
    printed, expected = simulate(
        tmp_path, lines=lines, manufacturer=manufacturer, pull=pull, **IN_TIME
    )
    assert printed[0] == f"id {manufacturer:02x}4018 quad {quad}"
    assert printed[1:] == expected


def test_data_that_come_after_two_cycles_are_too_late(tmp_path: Path) -> None:
    printed, expected = simulate(
        tmp_path, lines=4, manufacturer=0xEF, pull=1, to_flash=11, from_flash=23
    )
    assert printed[0] != "id ef4018 quad 1"
    assert printed[1:] != expected
