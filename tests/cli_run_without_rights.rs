//! Recordings where the kernel says less: a user without rights, a container's filter. What is
//! missing has its reason, in the file and in the report; nothing is zero that was not counted, and
//! times on and off the CPU are there all the same.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use std::fs::File;
use std::io::BufReader;
use std::process::Command;

use cli_support::{Ran, Sandbox, seccomp};
use rayprism::format::chrome;
use rayprism::model::*;

const RUN: &str = "run invert-tree --depth 12 --reps 1 --threads 2 --variants join --out-dir out";

/// What is recorded by a command of `sandbox`, and what it prints.
fn recorded(sandbox: &Sandbox, mut command: Command) -> (Trace, String) {
    let ran = Ran::from(command.output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let file = File::open(sandbox.path("out/invert-tree-join.json")).unwrap();
    (chrome::read(BufReader::new(file)).unwrap(), ran.stdout)
}

fn workers(trace: &Trace) -> Vec<&Lane> {
    trace.lanes.iter().filter(|lane| matches!(lane.role, Role::Worker { .. })).collect()
}

fn reason(trace: &Trace, counter: Counter) -> Option<&str> {
    let infos = &trace.header.kernel.counters;
    let info = infos.iter().find(|info| info.counter == counter).unwrap();
    match &info.availability {
        Availability::Unavailable(reason) => Some(reason),
        Availability::Available | Availability::Estimated => None,
    }
}

/// On and off the CPU is all the time there is, wherever it is known from.
fn assert_scheduling(trace: &Trace, source: SchedulingSource) {
    assert_eq!(workers(trace).len(), 2);
    for lane in workers(trace) {
        let all = lane.watched.scheduling.value().unwrap();
        assert_eq!(all.source, source);
        assert_eq!(all.on_cpu + all.voluntary + all.preempted, all.wall);
        assert!(all.on_cpu > Nanos::ZERO, "{all:?}");
    }
}

/// Nothing of the kernel's events is there, and `because` says why, in the file and in the report.
fn assert_nothing_but_accounts(trace: &Trace, report: &str, because: &str) {
    let Measured::Not(missing) = &trace.header.kernel.switch_records else { panic!("records") };
    assert!(missing.contains(because), "{missing}");
    for &counter in Counter::ALL {
        assert!(reason(trace, counter).unwrap().contains(because), "{counter:?}");
    }
    assert_scheduling(trace, SchedulingSource::Accounting);
    for lane in workers(trace) {
        let all = lane.watched.scheduling.value().unwrap();
        assert_eq!([all.voluntary_switches, all.preemptions, all.migrations], [None; 3]);
        assert!(lane.watched.off_cpu.is_empty() && lane.watched.readings.is_empty());
    }
    let in_one_line = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(in_one_line.contains(because), "{report}");
}

#[test]
fn under_a_containers_filter_there_are_the_kernels_accounts() {
    for errno in [libc::EPERM, libc::ENOSYS] {
        let sandbox = Sandbox::new();
        let mut command = sandbox.command(RUN);
        seccomp::forbid_perf_events(&mut command, errno);
        let (trace, report) = recorded(&sandbox, command);
        assert_nothing_but_accounts(&trace, &report, "seccomp filter");
    }
}

/// As root, the test becomes a user without rights; as somebody else, it is one already.
#[test]
fn a_user_without_rights_has_switch_records_and_no_false_zeros() {
    let sandbox = Sandbox::new();
    let (trace, report) = recorded(&sandbox, sandbox.command_of_a_user(RUN));
    match rayprism::linux::perf::paranoid_level() {
        Some(3..) => return assert_nothing_but_accounts(&trace, &report, "perf_event_paranoid"),
        Some(2) => {}
        // Such a user may do all that root may, and the plain tests have that.
        _ => return,
    }
    if rayprism::linux::perf::is_filtered() {
        return;
    }
    assert!(trace.header.kernel.switch_records.value().is_some());
    assert_scheduling(&trace, SchedulingSource::SwitchRecords);
    for counter in [Counter::ContextSwitches, Counter::CpuMigrations] {
        // Without the kernel's side they would open, and stay at zero.
        assert!(reason(&trace, counter).unwrap().contains("perf_event_paranoid is 2"));
        assert_eq!(trace.header.kernel.position(counter), None);
    }
    for counter in [Counter::TaskClock, Counter::MinorFaults, Counter::MajorFaults] {
        assert_eq!(reason(&trace, counter), None);
        let infos = &trace.header.kernel.counters;
        assert!(infos.iter().any(|info| info.counter == counter && info.user_only));
    }
    let clock = trace.header.kernel.position(Counter::TaskClock).unwrap();
    for lane in workers(&trace) {
        assert!(lane.watched.total(clock).unwrap() > 0);
        assert!(lane.watched.scheduling.value().unwrap().voluntary_switches.is_some());
    }
}

/// Half of the files that a program may open stay its own: workers that come too late have no
/// counters, and nothing fails for that.
#[test]
fn a_program_that_may_open_few_files_keeps_half_of_them() {
    let sandbox = Sandbox::new();
    let run = format!(
        "ulimit -n 64 && exec {} {}",
        cli_support::BINARY,
        RUN.replace("threads 2", "threads 9")
    );
    let (trace, _) = recorded(&sandbox, sandbox.other("sh", &["-c", &run]));
    assert_eq!(workers(&trace).len(), 9);
    let counted = workers(&trace).iter().filter(|lane| !lane.watched.readings.is_empty()).count();
    assert!(counted < 9, "{counted} of 9");
    for lane in workers(&trace) {
        assert!(lane.watched.scheduling.value().is_some());
    }
}
