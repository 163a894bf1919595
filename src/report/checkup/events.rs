//! What performance events depend on, and what there is without them.

use super::{Area, Check, plural, reason_and_remedy};
use crate::model::{Accounting, Availability, Events, Host, Limit, Measured};

const AREA: Area = Area::Events;

pub(super) fn checks(host: &Host) -> Vec<Check> {
    let events = &host.events;
    let workers = host.cpus.allowed.value().map(|allowed| allowed.len() as u64);
    let mut checks = vec![pmu(host)];
    checks.extend(turns(events));
    checks.extend([
        paranoid(events),
        seccomp(events),
        switch_records(events),
        ring_memory(events, workers),
        open_files(events, workers),
    ]);
    checks
}

fn pmu(host: &Host) -> Check {
    let cost = "no cycles, instructions or cache misses: whether a slow task computes or waits for \
                memory cannot be told";
    AREA.known("pmu", &host.events.pmus, cost, |pmus| {
        if !pmus.is_empty() {
            return AREA.ok("pmu", pmus.join(", "));
        }
        match host.is_virtual {
            Measured::Is(true) => {
                AREA.limits("pmu", "this virtual machine has none", cost).remedied(
                    "let the host give it one (KVM: `-cpu host,pmu=on`), or measure on the host",
                )
            }
            _ => AREA
                .limits("pmu", "the kernel shows none", cost)
                .remedied("switch it on in the firmware, or use a kernel that has its driver"),
        }
    })
}

/// Nothing where no hardware counter can be opened.
fn turns(events: &Events) -> Option<Check> {
    const ID: &str = "hardware-groups";
    let groups = events.hardware_groups.value().filter(|&&groups| groups > 0)?;
    if *groups == 1 {
        return Some(AREA.ok(ID, "one: all hardware counters count at the same time"));
    }
    let check = AREA.note(
        ID,
        format!("{groups}, which take turns (multiplexing): the PMU has too few counters for all"),
        "hardware figures are scaled up from a part of the time, and short tasks may have none",
    );
    Some(match events.watchdog {
        Measured::Is(true) => check
            .remedied("`sysctl kernel.nmi_watchdog=0` gives back the one that the kernel holds"),
        _ => check,
    })
}

fn paranoid(events: &Events) -> Check {
    const ID: &str = "paranoid";
    let cost = "whether the kernel lets users have counters is not known";
    let remedy = "`sysctl kernel.perf_event_paranoid=1`, or give the program CAP_PERFMON \
                  (`setcap cap_perfmon+ep FILE`)";
    AREA.known(ID, &events.paranoid, cost, |&level| {
        let found = format!("kernel.perf_event_paranoid is {level}");
        let cost = match level {
            _ if events.privileged == Measured::Is(true) => {
                let found = format!("{found}, which does not bind this process (CAP_PERFMON)");
                return AREA.ok(ID, found);
            }
            ..=1 => return AREA.ok(ID, found),
            2 => {
                "what the kernel does for workers is not counted, nor how often they lose their \
                 CPU or change it"
            }
            3.. => {
                "where the kernel knows this level (Debian's, Ubuntu's) users have no counters and \
                 no switch records; elsewhere it is like 2"
            }
        };
        AREA.limits(ID, found, cost).remedied(remedy)
    })
}

fn seccomp(events: &Events) -> Check {
    const ID: &str = "seccomp";
    let any = events.switch_records.is_measured()
        || events.counters.iter().any(|info| info.availability.is_measured());
    let cost = "whether a filter keeps the program from performance events is not known";
    AREA.known(ID, &events.filtered, cost, |&is_filtered| match (is_filtered, any) {
        (false, _) => AREA.ok(ID, "no filter"),
        (true, true) => AREA.ok(ID, "a filter, which lets performance events through"),
        (true, false) => AREA
            .limits(
                ID,
                "a filter, and no performance event can be opened",
                "there are no counters and no switch records",
            )
            .remedied("add CAP_PERFMON to the container, or allow perf_event_open in its profile"),
    })
}

fn switch_records(events: &Events) -> Check {
    let cost = "when a worker was off its CPU, and whether it slept or was preempted, is known in \
                sum at most";
    availability(AREA, "switch-records", &events.switch_records, cost)
}

fn availability(
    area: Area,
    id: &'static str,
    availability: &Availability,
    cost: &'static str,
) -> Check {
    match availability {
        Availability::Available | Availability::Estimated => area.ok(id, "available"),
        Availability::Unavailable(reason) => {
            let (reason, remedy) = reason_and_remedy(reason);
            let check = area.limits(id, format!("unavailable: {reason}"), cost);
            Check { remedy: remedy.map(str::to_owned), ..check }
        }
    }
}

fn ring_memory(events: &Events, workers: Option<u64>) -> Check {
    const ID: &str = "ring-memory";
    let rings = &events.rings;
    let cost = "how many workers can have switch records is not known";
    let known = |limit: &Limit| match (*limit, workers) {
        (Limit::Unlimited, _) => AREA.ok(ID, "as much as there is"),
        (Limit::At(at), Some(workers)) if at < workers => AREA
            .limits(
                ID,
                format!("for {} of 64 KiB, and there are {workers} CPUs", plural(at, "ring")),
                "the other workers have smaller rings or none, and lose switch records",
            )
            .remedied("raise `sysctl kernel.perf_event_mlock_kb` or `ulimit -l`"),
        (Limit::At(at), Some(workers)) => {
            let found = format!("for {} of 64 KiB; {workers} needed", plural(at, "ring"));
            AREA.ok(ID, found)
        }
        (Limit::At(at), None) => AREA.ok(ID, format!("for {} of 64 KiB", plural(at, "ring"))),
    };
    AREA.known(ID, &rings.at_most, cost, known)
}

/// A recording takes one of so many files that a program may open; the rest stay the program's.
const FILES_FOR_ONE: u64 = 2;

fn open_files(events: &Events, workers: Option<u64>) -> Check {
    const ID: &str = "open-files";
    let counted = events.counters.iter().filter(|info| info.availability.is_measured()).count();
    let each = counted as u64 + u64::from(events.switch_records.is_measured());
    let cost = "how many workers can have counters is not known";
    AREA.known(ID, &events.open_files, cost, |limit| match (*limit, workers) {
        (Limit::Unlimited, _) => AREA.ok(ID, "as many as wanted"),
        (Limit::At(at), Some(workers)) if at < FILES_FOR_ONE * workers * each => AREA
            .limits(
                ID,
                format!("{at} at most; the events of {workers} workers are {}", workers * each),
                "workers that come too late have no counters",
            )
            .remedied(format!("`ulimit -n {}`", FILES_FOR_ONE * workers * each)),
        (Limit::At(at), Some(workers)) => {
            AREA.ok(ID, format!("{at} at most; {} needed", workers * each))
        }
        (Limit::At(at), None) => AREA.ok(ID, format!("{at} at most")),
    })
}

pub(super) fn accounting(host: &Host) -> Vec<Check> {
    let Accounting { cpu_clock, run_queue } = &host.accounting;
    let area = Area::Accounting;
    vec![
        availability(
            area,
            "cpu-clock",
            cpu_clock,
            "without switch records, how long workers were on a CPU is not known",
        ),
        availability(
            area,
            "schedstat",
            run_queue,
            "without switch records, waiting for a CPU cannot be told from sleeping",
        ),
    ]
}
