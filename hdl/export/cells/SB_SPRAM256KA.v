// Simulation model of SB_SPRAM256KA, the single-port RAM of the iCE40 UltraPlus: 16,384 words of
// 16 bits. Leave it out of synthesis, which has the cell.
//
// At a rising edge of CLOCK at which CHIPSELECT is high, a word is read, or, if WREN is high, the
// nibbles that MASKWREN selects are written. The word that was read stays at DATAOUT until the next
// access. After a write the cell's output is undefined: the model inverts the output, so that a
// design that uses it fails in simulators without unknown values, too.
//
// STANDBY, SLEEP and POWEROFF (active low) only prevent accesses; the words are kept.
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
    input POWEROFF
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
