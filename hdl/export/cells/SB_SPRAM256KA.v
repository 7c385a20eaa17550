// The iCE40 UltraPlus single-port RAM, as far as Metaplast uses it, after Lattice's description:
// 16384 words of 16 bits, a read in a cycle or a write, nothing when it is not selected. What is
// read lasts until the next access; after a write the output is anything.
module SB_SPRAM256KA (
    input CLOCK,
    input [13:0] ADDRESS,
    input CHIPSELECT,
    input WREN,
    input [3:0] MASKWREN,
    input [15:0] DATAIN,
    output reg [15:0] DATAOUT,
    input STANDBY,
    input SLEEP,
    input POWEROFF  // active low
);
    reg [15:0] words[0:16383];
    wire [15:0] mask = {{4{MASKWREN[3]}}, {4{MASKWREN[2]}}, {4{MASKWREN[1]}}, {4{MASKWREN[0]}}};
    wire on = POWEROFF && !SLEEP && !STANDBY;

    always @(posedge CLOCK)
        if (on && CHIPSELECT) begin
            if (WREN) words[ADDRESS] <= DATAIN & mask | words[ADDRESS] & ~mask;
            DATAOUT <= WREN ? ~DATAOUT : words[ADDRESS];
        end
endmodule
