// Trains an exported trainer core on samples from a file and prints its counters.
//
// run.py writes samples.hex (one word of a sample per line: {last, label, bits}), histories.hex (the
// words of the histories of three random streams: of the initial counters, the local classifier and
// the reinforcement) and the macros: INPUT_WIDTH (bits of a word), WORDS (per sample), SAMPLES,
// WEIGHTS, BATCH, MARGIN.

`timescale 1ns / 1ns

module bench;
    reg clk = 0, rst = 1;
    always #5 clk = ~clk;

    reg [`INPUT_WIDTH + 8:0] samples_payload;
    reg samples_valid = 0;
    wire samples_ready;
    wire [9:0] results_payload;
    wire results_valid;
    reg [56:0] requests_payload;
    reg requests_valid = 0;
    wire requests_ready;
    wire [34:0] responses_payload;
    wire responses_valid;
    wire busy;

    metaplast_trainer_core core (
        .clk(clk), .rst(rst),
        .samples__payload(samples_payload),
        .samples__valid(samples_valid), .samples__ready(samples_ready),
        .cancel(1'b0),
        .results__payload(results_payload),
        .results__valid(results_valid), .results__ready(1'b1),
        .requests__payload(requests_payload),
        .requests__valid(requests_valid), .requests__ready(requests_ready),
        .responses__payload(responses_payload),
        .responses__valid(responses_valid), .responses__ready(1'b1),
        .busy(busy)
    );

    // Inputs change at the falling edge, and are stable at the rising edge.
    task request(input write, input [23:0] address, input [31:0] data);
        begin
            requests_payload = {data, address, write};
            requests_valid = 1;
            @(posedge clk);
            while (!requests_ready) @(posedge clk);
            @(negedge clk) requests_valid = 0;
            while (!responses_valid) @(negedge clk);
            if (responses_payload[2:0] != 0) begin
                $display("FAILED: register %h answers %0d", address, responses_payload[2:0]);
                $finish;
            end
        end
    endtask

    task send(input [`INPUT_WIDTH + 8:0] word);
        begin
            samples_payload = word;
            samples_valid = 1;
            @(posedge clk);
            while (!samples_ready) @(posedge clk);
            @(negedge clk) samples_valid = 0;
        end
    endtask

    task settle;
        begin
            @(negedge clk);
            while (busy) @(negedge clk);
        end
    endtask

    // Registers STREAM_0 to STREAM_3
    reg [31:0] histories [0:11];
    integer word;
    task write_stream(input integer stream);
        for (word = 0; word < 4; word = word + 1)
            request(1, 24'h000108 + word, histories[4 * stream + word]);
    endtask

    reg [`INPUT_WIDTH + 8:0] words [0:`SAMPLES * `WORDS - 1];
    integer results = 0;
    always @(posedge clk) if (results_valid) results = results + 1;

    integer n;
    initial begin
        $readmemh("samples.hex", words);
        $readmemh("histories.hex", histories);
        repeat (2) @(negedge clk);
        rst = 0;
        @(negedge clk);

        request(1, 24'h000006, `BATCH);
        request(1, 24'h000100, `MARGIN);
        request(1, 24'h000101, 0);

        // INITIAL draws the counters, then the local classifier; RESET clears the counts.
        write_stream(0);
        request(1, 24'h00010c, 1);
        settle;
        write_stream(1);
        request(1, 24'h00010c, 2);
        settle;
        write_stream(2);
        request(1, 24'h000003, 1);

        for (n = 0; n < `SAMPLES * `WORDS; n = n + 1) send(words[n]);
        settle;

        request(1, 24'h000105, 0);
        for (n = 0; n < `WEIGHTS; n = n + 1) begin
            request(0, 24'h000106, 0);
            $display("counter %0d", $signed(responses_payload[34:3]));
        end
        $display("results %0d", results);
        $finish;
    end
endmodule
