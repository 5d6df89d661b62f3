// SPDX-License-Identifier: GPL-2.0

//! Resets between jobs; one of a GPU whose firmware is stuck; one during which the device is
//! unbound; and one of a GPU that is dead.

use crate::{
    checks::Checks,
    fake::{
        Command::{
            self,
            *, //
        },
        Event,
        Gpu, //
    },
    Tyr,
    POLLS, //
};
use kernel::{
    device::{
        Bound,
        Core,
        Device, //
    },
    faux,
    prelude::*,
    sync::{
        atomic::Relaxed,
        Arc, //
    },
};

/// Returns whether these are the commands that the GPU was given last.
fn ends_with(gpu: &Gpu, commands: &[Command]) -> bool {
    gpu.log.read(|events| {
        let written = |(_, event): &(_, Event)| match event {
            Event::Written(command) => Some(*command),
            _ => None,
        };
        events
            .iter()
            .rev()
            .filter_map(written)
            .take(commands.len())
            .eq(commands.iter().rev().copied())
    })
}

fn resets(gpu: &Gpu) -> usize {
    gpu.log.count(|event| event == Event::Written(SoftReset))
}

pub(crate) fn run(checks: &mut Checks) -> Result {
    recovers(checks)?;
    dies(checks)
}

/// Returns what a callback of the bus gets.
fn core(registration: &faux::Registration) -> &Device<Core<'_>> {
    let dev: &Device<Bound> = registration.as_ref().as_ref();

    // SAFETY: Any context has the same layout. Only dropping the registration, which is borrowed,
    // unbinds the device.
    unsafe { &*core::ptr::from_ref(dev).cast() }
}

fn recovers(checks: &mut Checks) -> Result {
    let gpu = Arc::pin_init(Gpu::new(), GFP_KERNEL)?;
    let registration = faux::Registration::new(c"tyr_reset", None)?;
    let dev = core(&registration);
    let tyr = Tyr::probe(dev, gpu.clone())?;

    // The queue is ordered: nothing gets between the steps of a reset.
    tyr.submit(1)?;
    tyr.schedule_reset()?;
    tyr.submit(2)?;
    checks.wait("a job is executed after a reset", || {
        ends_with(&gpu, &[Job(2)])
    })?;
    checks.that(
        "the reset takes its steps between two jobs",
        ends_with(
            &gpu,
            &[Job(1), HaltMcu, SoftReset, PowerOnL2, BootMcu, Job(2)],
        ),
    )?;
    checks.that("the GPU is operational after that", tyr.is_operational())?;

    // Another one while the first is pending or under way is the same.
    gpu.slowness.store(POLLS / 2, Relaxed);
    gpu.stuck.store(true, Relaxed);
    let silent = gpu.silent.lock();
    tyr.schedule_reset()?;
    checks.equal(
        "a reset can be asked for twice",
        tyr.schedule_reset(),
        Ok(()),
    )?;
    checks.that(
        "the GPU is not operational meanwhile",
        !tyr.is_operational(),
    )?;
    drop(silent);
    checks.wait("it is reset", || tyr.is_operational())?;
    checks.equal("once", resets(&gpu), 2)?;
    checks.that(
        "firmware that was stuck is loaded again",
        ends_with(
            &gpu,
            &[HaltMcu, SoftReset, PowerOnL2, LoadFirmware, BootMcu],
        ),
    )?;

    // The device is unbound during a reset.
    gpu.stuck.store(false, Relaxed);
    gpu.slowness.store(POLLS - 1, Relaxed);
    tyr.schedule_reset()?;
    checks.wait("the third reset has begun", || resets(&gpu) == 3)?;
    drop(registration);
    checks.that(
        "unbinding waits for its end",
        ends_with(&gpu, &[SoftReset, PowerOnL2, BootMcu]),
    )?;
    checks.equal(
        "after that the registers are unmapped",
        gpu.log.last(),
        Some(Event::Unmapped),
    )?;
    checks.equal(
        "no reset can be asked for",
        tyr.schedule_reset(),
        Err(ENODEV),
    )?;
    tyr.submit(3)?;
    drop(tyr);
    checks.equal(
        "a job has no registers either",
        gpu.log.last(),
        Some(Event::Unmapped),
    )?;
    checks.released("all of the driver is gone", gpu)
}

fn dies(checks: &mut Checks) -> Result {
    let gpu = Arc::pin_init(Gpu::new(), GFP_KERNEL)?;
    let registration = faux::Registration::new(c"tyr_reset", None)?;
    let tyr = Tyr::probe(core(&registration), gpu.clone())?;

    gpu.dead.store(true, Relaxed);
    tyr.schedule_reset()?;
    checks.wait("a dead GPU is given up", || {
        tyr.schedule_reset() == Err(EIO)
    })?;
    checks.that(
        "its firmware is not booted",
        ends_with(&gpu, &[HaltMcu, SoftReset]),
    )?;
    checks.equal("it is not reset again", resets(&gpu), 1)?;

    // The driver is gone before its device, this time.
    drop(tyr);
    checks.equal(
        "the registers are unmapped",
        gpu.log.last(),
        Some(Event::Unmapped),
    )?;
    checks.released("all of the driver is gone", gpu)?;
    drop(registration);
    Ok(())
}
