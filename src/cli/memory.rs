//! Whether a workload's input fits into memory, before it is made.

use anyhow::anyhow;
use sysinfo::{CGroupLimits, Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::failure::Failure;
use crate::model::thousands;
use crate::workload::{Memory, Settings, Workload};

/// Fails if the input needs more than there is. Where nobody knows how much there is, it passes.
pub(super) fn check(workload: &'static dyn Workload, settings: &Settings) -> Result<(), Failure> {
    match (workload.memory(), available_bytes()) {
        (Some(memory), Some(available)) if (memory.bytes)(settings) > available => {
            Err(too_large(workload.name(), memory, settings, available))
        }
        _ => Ok(()),
    }
}

/// Of free memory, this part is left: recordings and other programs need some, too, and who takes the
/// last of it is killed.
const LEFT: u64 = 8;

/// What may be used of the machine's free memory, or of the control group's where that has less; `None`
/// if unknown.
fn available_bytes() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let machine = Some(system.available_memory()).filter(|_| system.total_memory() > 0)?;
    let limits = [own_limits(&mut system), system.cgroup_limits()];
    let free = limits.into_iter().flatten().map(|limits| limits.free_memory);
    let free = free.fold(machine, u64::min);
    Some(free - free / LEFT)
}

fn own_limits(system: &mut System) -> Option<CGroupLimits> {
    let pid = Pid::from_u32(std::process::id());
    let only = ProcessesToUpdate::Some(&[pid]);
    system.refresh_processes_specifics(only, false, ProcessRefreshKind::nothing());
    system.process(pid)?.cgroup_limits()
}

fn too_large(name: &str, memory: Memory, settings: &Settings, available: u64) -> Failure {
    let parameter = memory.grows_with;
    let error = anyhow!(
        "{name} with --{} {} needs more memory than there is: {} bytes needed, {} available",
        parameter.name,
        settings.integer(parameter),
        thousands((memory.bytes)(settings)),
        thousands(available),
    );
    let next = match largest_that_fits(memory, settings, available) {
        Some(value) => format!("the largest that fits is --{} {value}", parameter.name),
        None => "free some memory; even the smallest does not fit".to_owned(),
    };
    Failure::runtime(error, next)
}

/// The largest value of the parameter with which the need fits; the need grows with it.
fn largest_that_fits(memory: Memory, settings: &Settings, available: u64) -> Option<u64> {
    let parameter = memory.grows_with;
    let fits = |value| {
        let mut changed = settings.clone();
        changed.set(parameter, value);
        (memory.bytes)(&changed) <= available
    };
    if !fits(parameter.min) {
        return None;
    }
    let (mut fitting, mut beyond) = (parameter.min, parameter.max + 1);
    while beyond - fitting > 1 {
        let middle = fitting + (beyond - fitting) / 2;
        if fits(middle) { fitting = middle } else { beyond = middle }
    }
    Some(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::INVERT_TREE;

    fn largest(available: u64) -> Option<u64> {
        largest_that_fits(INVERT_TREE.memory.unwrap(), &Settings::default(), available)
    }

    #[test]
    fn the_largest_that_fits_is_exact() {
        let need = |depth: u64| ((1 << depth) - 1) * 32;
        for depth in [1, 2, 22, 23, 39, 40] {
            assert_eq!(largest(need(depth)), Some(depth));
            assert_eq!(largest(need(depth) - 1), (depth > 1).then(|| depth - 1));
        }
        assert_eq!(largest(u64::MAX), Some(40));
    }

    #[test]
    fn some_memory_is_available_and_no_more_than_the_machine_has() {
        let mut system = System::new().unwrap();
        system.refresh_memory();
        assert!((1..=system.total_memory()).contains(&available_bytes().unwrap()));
    }

    #[test]
    fn the_error_gives_both_figures_and_what_fits() {
        let memory = INVERT_TREE.memory.unwrap();
        let failure = too_large("invert-tree", memory, &Settings::default(), 1_000_000);
        assert_eq!(
            failure.to_string(),
            "invert-tree with --depth 23 needs more memory than there is: \
             268,435,424 bytes needed, 1,000,000 available: the largest that fits is --depth 14",
        );
    }
}
