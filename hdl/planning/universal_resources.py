"""Resource estimates of a universal trainer: those of its engine as a fixed layer, and more.

The memories are counted exactly, as those of a fixed layer. The engine's logic is that of a fixed
layer with the largest sizes, plus two registers of a layer's settings, the results of the layers,
and the logic that computes with numbers of a layer where a fixed layer has constants. The
coefficients of the latter were fitted to results of Yosys 0.70 (``synth_ice40``, ``synth_ecp5``);
estimates of whole cores are within 15 %.
Multipliers are not counted: a core takes up to five, and every FPGA has at least eight.
"""

from .fpgas import FPGA
from .integers import number_bits
from .resources import ComponentNeed, Resources, core_needs, layer_needs
from .universal import UniversalEngine, UniversalTrainer

__all__ = ["universal_needs"]

RESULT_BITS = 9  # prediction and error bit of a layer, kept until the last layer's result
# Logic where a fixed layer has constants, and more of it for each neuron of ``pe``
RUN_TIME_LUTS = {"ice40": (385, 185), "ecp5": (600, 140)}
RUN_TIME_REGISTERS = 220


def universal_needs(trainer: UniversalTrainer, fpga: FPGA | None) -> tuple[ComponentNeed, ...]:
    """Resources of the components of a universal trainer: its memories, its logic and the core.

    Parameters
    ----------
    trainer : UniversalTrainer
        Capacities and fold factors.
    fpga : FPGA or None
        Decides shapes of memories and costs of logic; without it, memories have no resources.
    """
    engine = trainer.engine
    return (*layer_needs(engine, fpga), _settings_need(engine, fpga), core_needs(fpga))


def _settings_need(engine: UniversalEngine, fpga: FPGA | None) -> ComponentNeed:
    """The settings and results of layers, and the logic that computes with the settings."""
    config = engine.config
    sizes = number_bits(config.inputs + 1) + 3 * number_bits(config.neurons + 1)
    places = number_bits(engine.snapshot_rows) + number_bits(engine.classifier_rows)
    settings = sizes + places + config.event_bits
    # One register is for the forward pass and one for training.
    registers = 2 * settings + engine.layers * RESULT_BITS
    family = "ice40" if fpga is not None and fpga.family == "ice40" else "ecp5"
    once, each = RUN_TIME_LUTS[family]
    luts = registers + once + each * engine.plan.pe
    need = Resources.logic(luts, registers + RUN_TIME_REGISTERS, fpga)
    return ComponentNeed(name="settings of layers", need=need)
