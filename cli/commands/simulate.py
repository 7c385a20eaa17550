"""`metaplast simulate`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..options.options import (
    BatchOption,
    BitsPerFeatureOption,
    Choices,
    ClassesOption,
    CounterBitsOption,
    DataArgument,
    DataDirOption,
    EpochsOption,
    GroupsOption,
    HiddenOption,
    JsonOption,
    PerFeatureOption,
    QuietOption,
    ReinforcementOption,
    RobustnessOption,
    SamplesOption,
    SeedOption,
    ValidationOption,
    parse_sizes,
    require_at_least,
    whole_number,
)
from ..terminal.interrupts import held_interrupts
from ..terminal.output import Reporter, check_file, print_json, read_from, require
from ..training.simulation_output import SimulationReporter, SimulationTable
from ..training.training_output import headline, kept_lines, note_other_samples

if TYPE_CHECKING:
    from ...hdl.planning.plan import NetworkPlan
    from ..training.core_session import SimulationOutcome
    from ..training.session import Session

__all__ = ["register"]

GATEWARE = "Gateware"
CHECKING = "Checking"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(simulate)


def simulate(
    data: DataArgument,
    hidden: HiddenOption = None,
    groups: GroupsOption = None,
    counter_bits: CounterBitsOption = None,
    bits_per_feature: BitsPerFeatureOption = None,
    per_feature: PerFeatureOption = False,
    classes: ClassesOption = None,
    samples: SamplesOption = None,
    validation: ValidationOption = 0,
    data_dir: DataDirOption = None,
    robustness: RobustnessOption = None,
    reinforcement: ReinforcementOption = None,
    batch: BatchOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The fold factors, as `metaplast plan` writes them.",
            rich_help_panel=GATEWARE,
            show_default=False,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Plan for this device (see `metaplast plan`).",
            rich_help_panel=GATEWARE,
            show_default="a plan of moderate size for no device",
        ),
    ] = None,
    check: Annotated[
        str,
        typer.Option(
            metavar="epoch|batch",
            help="When to compare counts, counters, snapshots and random streams with the golden "
            "model's; predictions and error bits are compared always.",
            rich_help_panel=CHECKING,
        ),
    ] = "epoch",
    waves: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Record a batch as a waveform (VCD); on a mismatch, the batch in which it arose.",
            rich_help_panel=CHECKING,
            show_default="on a mismatch only, the model's name with .vcd",
        ),
    ] = None,
    waves_batch: Annotated[
        int,
        typer.Option(
            parser=whole_number,
            metavar="N",
            help="The batch of the first epoch to record for --waves.",
            rich_help_panel=CHECKING,
        ),
    ] = 1,
    fault: Annotated[
        str | None,
        typer.Option(
            metavar="EPOCH,BATCH,LAYER,NEURON,INPUT",
            help="Flip a bit of this counter before this batch (from 1), to see that it is found.",
            hidden=True,
        ),
    ] = None,
    continue_: Annotated[
        Path | None,
        typer.Option(
            "--continue",
            metavar="MODEL",
            help="Load a saved model into the gateware and resume it for --epochs more.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.npz",
            help="Where to save the model, as read out of the gateware.",
            show_default="the data set's name with -simulated.npz, here",
        ),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train a network in simulated gateware, and compare it with the golden model.

    The trainer core is built with Verilator, once for each design, and trains on
    the samples as a board would. The golden model trains alongside. A difference
    ends the training with status 1: the batch in which it arose is searched for
    and recorded.

    DATA may also be a recorded run, as for `metaplast train`. Ctrl-C keeps the
    last finished epoch (with --validation the best) and ends with status 1.
    """
    from ...golden_model import datasets
    from ...golden_model.errors import MetaplastError
    from ...golden_model.files.model_file import Model as ModelFile
    from ..training.session import continue_session, first_difference, new_session, run_session

    choices = Choices(
        hidden=parse_sizes(hidden, "--hidden"),
        groups=parse_sizes(groups, "--groups"),
        classes=classes,
        counter_bits=counter_bits,
        bits_per_feature=bits_per_feature,
        per_feature=per_feature or None,
        robustness=robustness,
        reinforcement=reinforcement,
        batch=batch,
        epochs=epochs,
        seed=seed,
    )
    choices.check()
    require_at_least("--samples", samples, 1)
    require_at_least("--validation", validation, 0)
    require_at_least("--waves-batch", waves_batch, 1)
    if check not in ("epoch", "batch"):
        raise typer.BadParameter(f"must be epoch or batch, not {check!r}", param_hint="--check")
    if plan is not None and device is not None:
        raise typer.BadParameter(
            "has the fold factors already, so that there is nothing to plan for --device; "
            "leave one of them out",
            param_hint="--plan",
        )
    flipped = _fault(fault)
    if waves_batch > 1 and waves is None:
        raise typer.BadParameter("needs --waves FILE", param_hint="--waves-batch")
    for package in ("amaranth", "cocotb", "verilator"):
        require(package, extra="rtl", purpose="the simulation")
    reporter = SimulationReporter(json=json, quiet=quiet)
    read = read_from(data, data_dir)
    if model is not None:
        check_file(model, "--model", unlike=read)
    if waves is not None:
        inputs = [path for path in (continue_, plan) if path is not None]
        check_file(waves, "--waves", unlike=[*read, *inputs])
        if model is not None and waves.absolute() == model.absolute():
            raise typer.BadParameter(
                f"must be another file than --model {model}", param_hint="--waves"
            )

    data_set = datasets.load(data, data_dir=data_dir)
    if model is None:
        model = Path(f"{Path(data_set.name).resolve().stem}-simulated.npz")
        check_file(model, "--model", unlike=read)
    as_recorded = False
    if continue_ is not None:
        session = continue_session(
            data_set, choices, ModelFile.load(continue_), validation=validation, samples=samples
        )
        note_other_samples(session, reporter)
    elif data_set.run is not None:
        session, as_recorded = run_session(
            data_set,
            data_set.run,
            choices,
            validation=validation,
            samples=samples,
            reporter=reporter,
        )
    else:
        session = new_session(data_set, choices, validation=validation, samples=samples)

    from ..options.folding import chosen_folding
    from ..training.core_session import CoreSession

    config = session.trainer.network.config
    folded = chosen_folding(config, plan, device)
    with reporter:
        reporter.line(_headline(session, folded.plan))
        core_session = CoreSession(
            session,
            folded,
            check=check,
            waves=waves or _default_waves(model),
            fault=flipped,
        )
        _build(core_session, reporter)
        if waves is not None:
            core_session.record(waves_batch - 1)
            reporter.line(f"batch {waves_batch} is recorded in {waves}")
        outcome = core_session.train(reporter, report=SimulationTable(session, reporter).epoch)

    if outcome.interrupted and not outcome.epochs:
        raise MetaplastError("interrupted before the first epoch was finished; nothing was saved")
    if as_recorded and not outcome.interrupted:
        assert data_set.run is not None
        difference = first_difference(data_set.run, outcome.trained, session.bits.x)
        if difference is not None:
            raise MetaplastError(
                f"the training differs from the recorded run: {difference}; the model was not saved"
            )
    assert outcome.trained.model is not None
    with held_interrupts():  # what is trained is saved, and told
        outcome.trained.model.save(model)

        kept = outcome.trained.kept
        assert kept is not None
        if json:
            print_json(_document(session, folded.plan, outcome, model, as_recorded))
        reporter.result(_verdict(outcome, check))
        for line in kept_lines(outcome.trained):
            reporter.result(line)
        if as_recorded and not outcome.interrupted:
            reporter.result("equal to the recorded run")
        reporter.result(f"saved {model}")
    if outcome.interrupted:
        raise MetaplastError(f"interrupted; epoch {kept.epoch + 1} was saved in {model}")


def _fault(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        epoch, batch, layer, neuron, source = map(int, text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"must be five integers, EPOCH,BATCH,LAYER,NEURON,INPUT, not {text!r}",
            param_hint="--fault",
        ) from None
    return epoch, batch, layer, neuron, source


def _default_waves(model: Path) -> Path:
    waves = model.with_suffix(".vcd")
    return waves if waves != model else model.with_suffix(".waves.vcd")


def _headline(session: "Session", plan: "NetworkPlan") -> str:
    text = headline(session)
    device = f" for {plan.device}" if plan.device else ""
    for index, layer in enumerate(plan.layers):
        factors = ", ".join(f"{name} {value}" for name, value in layer.to_dict().items())
        text += f"\nplan{device}, layer {index}: {factors}"
    return text


def _build(core_session: Any, reporter: Reporter) -> None:
    reporter.line("building the simulator, unless it was built before")
    started = time.perf_counter()
    built = core_session.build()
    seconds = time.perf_counter() - started
    reporter.line(f"simulator {'built' if built else 'found as built before'} in {seconds:.0f} s")


def _verdict(outcome: "SimulationOutcome", check: str) -> str:
    epochs = outcome.epochs
    samples = sum(trained.record.samples for trained in epochs)
    cycles = sum(trained.cycles for trained in epochs)
    seconds = sum(trained.record.seconds for trained in epochs)
    every = "every batch" if check == "batch" else "every epoch"
    return (
        f"gateware and golden model are equal: {samples:,} samples, the counts of every batch, "
        f"and every counter after {every}; {cycles / samples:,.2f} cycles/sample, "
        f"{samples / seconds:,.0f} samples/s, {cycles / seconds / 1e6:.2f} Mcycles/s"
    )


def _document(
    session: "Session",
    plan: "NetworkPlan",
    outcome: "SimulationOutcome",
    path: Path,
    as_recorded: bool,
) -> dict[str, Any]:
    model, kept = outcome.trained.model, outcome.trained.kept
    assert model is not None
    assert kept is not None
    return {
        "data": session.data.name,
        "model": str(path),
        "config": model.config.to_dict(),
        "plan": plan.to_dict(),
        "bits_per_feature": model.encoder.bits_per_feature,
        "per_feature": model.encoder.per_feature,
        "samples": len(session.bits.x),
        "held_out": 0 if session.bits.x_held_out is None else len(session.bits.x_held_out),
        "epochs": [
            {
                **record.to_dict(),
                "cycles": trained.cycles,
                "cycles_per_sample": trained.cycles_per_sample,
            }
            for trained, record in zip(outcome.epochs, outcome.trained.records, strict=True)
        ],
        "kept_epoch": kept.epoch,
        "accuracy": kept.accuracy,
        "validation_accuracy": kept.validation_accuracy,
        "test_accuracy": kept.test_accuracy,
        "equal_to_golden_model": True,
        "equal_to_recorded": True if as_recorded and not outcome.interrupted else None,
        "interrupted": outcome.interrupted,
    }
