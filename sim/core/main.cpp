// The simulator's main program for training: it drives the clock, while cocotb sleeps.
//
// With cocotb's main program, the clock is driven through the VPI, which takes longer than the
// evaluation of the core. Here the clock runs, two time steps per cycle, until the design's `wake`
// changes or a timer of cocotb is due; only then are cocotb's callbacks called. So Python code can
// only wait for an edge of `wake` or for timers.
//
// While `waves` is set, and if tracing was built in, every step is written to the file in
// --trace-file, or to dump.vcd; the file begins when `waves` is first set.

#include <cstdint>
#include <cstring>
#include <memory>

#include "Vtop.h"
#include "verilated.h"
#include "verilated_vpi.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

extern "C" void vlog_startup_routines_bootstrap();

namespace {
uint64_t now = 0;
}

// Verilator asks for the time here.
double sc_time_stamp() { return static_cast<double>(now); }

namespace {

// Value callbacks can write values, which can cause further callbacks.
void call_value_callbacks() {
    while (VerilatedVpi::callValueCbs()) {
    }
}

// Evaluates until there are no more writes at this time (IEEE 1800, 4.4).
void settle(Vtop& top) {
    do {
        do {
            top.eval_step();
            VerilatedVpi::clearEvalNeeded();
            VerilatedVpi::doInertialPuts();
            call_value_callbacks();
        } while (VerilatedVpi::evalNeeded());
        VerilatedVpi::callCbs(cbReadWriteSynch);
        VerilatedVpi::doInertialPuts();
        call_value_callbacks();
    } while (VerilatedVpi::evalNeeded());
    top.eval_end_step();
    VerilatedVpi::callCbs(cbReadOnlySynch);
}

}  // namespace

int main(int argc, char** argv) {
    VerilatedContext* const context = Verilated::threadContextp();
    context->commandArgs(argc, argv);
    const char* trace_file = "dump.vcd";
    for (int i = 1; i + 1 < argc; ++i) {
        if (!std::strcmp(argv[i], "--trace-file")) trace_file = argv[i + 1];
    }

    const auto top = std::make_unique<Vtop>(context, "");
    Verilated::fatalOnVpiError(false);  // cocotb looks up objects that may not exist
#if VM_TRACE
    context->traceEverOn(true);
    VerilatedVcdC trace;
#endif
    const auto dump = [&] {
#if VM_TRACE
        if (!top->waves) return;
        if (!trace.isOpen()) {
            top->trace(&trace, 99);
            trace.open(trace_file);
        }
        trace.dump(now);
#endif
    };

    vlog_startup_routines_bootstrap();
    VerilatedVpi::callCbs(cbStartOfSimulation);
    call_value_callbacks();

    while (!context->gotFinish()) {
        settle(*top);
        dump();

        const uint64_t deadline = VerilatedVpi::cbNextDeadline();
        const bool awake = top->wake;
        for (;;) {
            ++now;
            top->clk = !top->clk;
            top->eval();
            if (top->wake != awake || now >= deadline || context->gotFinish()) break;
            dump();
        }

        VerilatedVpi::callCbs(cbNextSimTime);
        VerilatedVpi::callTimedCbs();
        call_value_callbacks();
    }

    top->final();
    VerilatedVpi::callCbs(cbEndOfSimulation);
#if VM_TRACE
    trace.close();
#endif
    return context->errorCount() > 0;
}
