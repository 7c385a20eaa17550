// Executes a program on an exported universal trainer, one line of program.hex after another:
// {what[3:0], value[59:0]}, with what = 1: a request, value its payload; 2: a word of a sample; 3: wait
// until the core is idle; 4: a read, whose data is printed. The last line is 0.

`timescale 1ns / 1ns

module bench;
    reg clk = 0, rst = 1;
    always #5 clk = ~clk;

    reg [63:0] steps [0:`LINES - 1];
    reg [63:0] line;
    reg [`SAMPLE_BITS - 1:0] samples_payload;
    reg [56:0] requests_payload;
    reg samples_valid = 0, requests_valid = 0;
    wire [34:0] responses_payload;
    wire samples_ready, requests_ready, responses_valid, busy;
    integer at;

    trainer core (
        .clk(clk), .rst(rst), .cancel(1'b0), .busy(busy),
        .samples__payload(samples_payload), .samples__valid(samples_valid),
        .samples__ready(samples_ready), .results__ready(1'b1),
        .requests__payload(requests_payload), .requests__valid(requests_valid),
        .requests__ready(requests_ready), .responses__payload(responses_payload),
        .responses__valid(responses_valid), .responses__ready(1'b1)
    );

    // Inputs change at the falling edge, and are stable at the rising edge.
    initial begin
        $readmemh("program.hex", steps);
        repeat (3) @(negedge clk);
        rst = 0;
        at = 0;
        line = steps[0];
        while (line[63:60] != 0) begin
            case (line[63:60])
                1, 4: begin
                    requests_payload = line[56:0];
                    requests_valid = 1;
                    @(posedge clk);
                    while (!requests_ready) @(posedge clk);
                    @(negedge clk) requests_valid = 0;
                    while (!responses_valid) @(negedge clk);
                    if (responses_payload[2:0] != 0) $display("status %0d", responses_payload[2:0]);
                    if (line[63:60] == 4) $display("%h", responses_payload[34:3]);
                end
                2: begin
                    samples_payload = line[`SAMPLE_BITS - 1:0];
                    samples_valid = 1;
                    @(posedge clk);
                    while (!samples_ready) @(posedge clk);
                    @(negedge clk) samples_valid = 0;
                end
                3: begin
                    @(negedge clk);
                    while (busy) @(negedge clk);
                end
            endcase
            at = at + 1;
            line = steps[at];
        end
        $finish;
    end
endmodule
