// The main program of a virtual board: it drives the clock, and connects the UART to standard input
// and output, bit by bit.
//
// Argument: clock cycles per bit. Bytes for the board come from standard input, bytes from the board
// go to standard output. It ends at the end of standard input. While the board is idle, it sleeps.

#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "Vtop.h"
#include "verilated.h"

namespace {

constexpr int kPollCycles = 512;  // cycles between two polls of standard input
constexpr int kQuietBits = 64;    // idle bits before it sleeps
constexpr size_t kAhead = 4096;   // bytes that are read ahead of the line

// UART transmitter: a start bit, eight bits, a stop bit.
class Transmitter {
public:
    explicit Transmitter(int clocks) : clocks_{clocks} {}
    bool line() const { return bits_ & 1; }
    bool idle() const { return left_ == 0; }
    void step(std::deque<uint8_t>& bytes) {
        if (wait_ != 0) {
            --wait_;
            return;
        }
        if (left_ != 0) {
            --left_;
            bits_ = bits_ >> 1 | 0x200;
        }
        if (left_ == 0) {
            if (bytes.empty()) return;
            bits_ = 0x200 | bytes.front() << 1;
            bytes.pop_front();
            left_ = 10;
        }
        wait_ = clocks_ - 1;
    }

private:
    const int clocks_;
    int wait_ = 0, left_ = 0;
    unsigned bits_ = 0x3FF;
};

// UART receiver, which samples in the middle of each bit.
class Receiver {
public:
    explicit Receiver(int clocks) : clocks_{clocks} {}
    bool idle() const { return left_ == 0; }
    void step(bool line, std::vector<uint8_t>& bytes) {
        if (left_ == 0) {
            if (!line) {
                left_ = 10;
                wait_ = clocks_ / 2;
            }
            return;
        }
        if (--wait_ > 0) return;
        wait_ = clocks_;
        bits_ = bits_ >> 1 | (line ? 0x200 : 0);
        if (--left_ == 0 && line) bytes.push_back(bits_ >> 1 & 0xFF);
    }

private:
    const int clocks_;
    int wait_ = 0, left_ = 0;
    unsigned bits_ = 0;
};

// Reads the available bytes of standard input; false at its end.
bool read_input(std::deque<uint8_t>& bytes, int patience) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, patience) <= 0 || !(input.revents & (POLLIN | POLLHUP))) return true;
    uint8_t buffer[1024];
    const ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
    if (count <= 0) return false;
    bytes.insert(bytes.end(), buffer, buffer + count);
    return true;
}

bool write_output(std::vector<uint8_t>& bytes) {
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
        if (count <= 0) return false;
        done += count;
    }
    bytes.clear();
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const int clocks = std::atoi(argv[1]);
    VerilatedContext* const context = Verilated::threadContextp();
    const auto top = std::make_unique<Vtop>(context, "");
    Transmitter transmitter{clocks};
    Receiver receiver{clocks};
    std::deque<uint8_t> incoming;
    std::vector<uint8_t> outgoing;

    top->rx = 1;
    top->rst = 1;
    int resetting = 4, until_poll = 0, quiet = 0;
    while (!context->gotFinish()) {
        top->clk = 0;
        top->eval();
        top->clk = 1;
        top->eval();
        if (resetting != 0 && --resetting == 0) top->rst = 0;

        receiver.step(top->tx, outgoing);
        transmitter.step(incoming);
        top->rx = transmitter.line();
        const bool idle = incoming.empty() && transmitter.idle() && receiver.idle() && !top->busy;
        quiet = idle ? quiet + 1 : 0;

        if (--until_poll <= 0) {
            until_poll = kPollCycles;
            if (!outgoing.empty() && !write_output(outgoing)) break;
            const bool asleep = quiet > kQuietBits * clocks;
            if (incoming.size() < kAhead && !read_input(incoming, asleep ? -1 : 0)) break;
            if (asleep) quiet = 0;
        }
    }
    top->final();
    return 0;
}
