//! Machines that there are, made up, and what is said of them.

use super::*;
use crate::model::{
    Accounting, Availability, ClockSource, Clocks, Counter, CounterInfo, CpuLimit, Cpus, Events,
    Frequency, Limit, Nanos, Quota, Rings, Throttling,
};
use crate::report::text::{Style, write_checkup};

/// Four cores without SMT, everything as a profiler wants it.
fn ideal() -> Host {
    Host {
        os: "linux x86_64".to_owned(),
        kernel: Measured::Is("6.12.1".to_owned()),
        is_virtual: Measured::Is(false),
        cpus: cpus(4, 4),
        frequency: frequency("performance", "intel_pstate"),
        cpu_limit: CpuLimit { quota: Measured::Is(None), throttling: not("there is no quota") },
        clocks: Clocks {
            kernel: Measured::Is("tsc".to_owned()),
            others: Measured::Is(vec!["hpet".to_owned()]),
            invariant_tsc: Measured::Is(true),
            own: ClockSource::Tsc,
        },
        events: Events {
            paranoid: Measured::Is(1),
            privileged: Measured::Is(false),
            filtered: Measured::Is(false),
            pmus: Measured::Is(vec!["cpu".to_owned()]),
            watchdog: Measured::Is(true),
            counters: counters(|_| Availability::Available),
            hardware_groups: Measured::Is(1),
            switch_records: Availability::Available,
            rings: rings(135),
            open_files: Measured::Is(Limit::At(1024)),
        },
        accounting: Accounting {
            cpu_clock: Availability::Available,
            run_queue: Availability::Available,
        },
    }
}

fn cpus(online: u32, cores: u32) -> Cpus {
    Cpus {
        name: Measured::Is("A CPU".to_owned()),
        online: Measured::Is((0..online).collect()),
        allowed: Measured::Is((0..online).collect()),
        cores: Measured::Is(cores),
        allowed_cores: Measured::Is(cores),
        sockets: Measured::Is(1),
        nodes: Measured::Is(1),
        kinds: Measured::Is(1),
    }
}

fn frequency(governor: &str, driver: &str) -> Frequency {
    Frequency {
        driver: Measured::Is(driver.to_owned()),
        governors: Measured::Is(vec![governor.to_owned()]),
    }
}

fn counters(availability: impl Fn(Counter) -> Availability) -> Vec<CounterInfo> {
    let info =
        |&counter| CounterInfo { counter, availability: availability(counter), user_only: false };
    Counter::ALL.iter().map(info).collect()
}

fn rings(at_most: u64) -> Rings {
    Rings {
        bytes_of_each: Measured::Is(69_632),
        at_most: Measured::Is(Limit::At(at_most)),
        mlock_kb: Measured::Is(516),
        memlock: Measured::Is(Limit::At(8 << 20)),
    }
}

fn not<T>(reason: &str) -> Measured<T> {
    Measured::Not(reason.to_owned())
}

fn quota(cpus: u64, throttled_periods: u64) -> CpuLimit {
    let period = Nanos(100_000_000);
    CpuLimit {
        quota: Measured::Is(Some(Quota {
            group: "/job".to_owned(),
            time: Nanos(period.0 * cpus),
            period,
        })),
        throttling: Measured::Is(Throttling {
            periods: 40,
            throttled_periods,
            throttled: Nanos(throttled_periods * 1_000_000),
        }),
    }
}

/// The ids of what is not all right.
fn found(host: Host, verdict: Verdict) -> Vec<&'static str> {
    let checkup = Checkup::of(host);
    let checks = checkup.checks.iter().filter(|check| check.verdict == verdict);
    checks.map(|check| check.id).collect()
}

fn check(host: Host, id: &str) -> Check {
    Checkup::of(host).checks.into_iter().find(|check| check.id == id).unwrap()
}

fn text(host: Host, width: usize) -> String {
    let mut text = Vec::new();
    let style = Style { colour: false, width };
    write_checkup(&Checkup::of(host), &style, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn where_everything_is_there_nothing_is_noted() {
    let checkup = Checkup::of(ideal());
    assert!(checkup.complete);
    assert!(checkup.checks.iter().all(|check| check.verdict == Verdict::Ok), "{checkup:?}");
    assert!(text(ideal(), 80).ends_with("everything is there that the analysis can use\n"));
}

#[test]
fn a_laptop_with_smt_and_a_frugal_governor_is_complete_but_noted() {
    let laptop = |driver: &str| Host {
        cpus: cpus(8, 4),
        frequency: frequency("powersave", driver),
        ..ideal()
    };
    assert_eq!(found(laptop("intel_pstate"), Verdict::Limits), [] as [&str; 0]);
    assert_eq!(found(laptop("intel_pstate"), Verdict::Note), ["smt", "governor"]);
    let smt = check(laptop("intel_pstate"), "smt");
    assert_eq!(smt.found, "on: up to 2 CPUs share a core");
    assert!(smt.remedy.unwrap().contains("RAYON_NUM_THREADS=4"));
    let cost = |driver| check(laptop(driver), "governor").cost.unwrap();
    assert!(cost("intel_pstate").contains("follows the load"));
    assert!(cost("acpi-cpufreq").contains("lowest frequency"));
}

#[test]
fn a_quota_limits_what_fewer_cpus_than_there_are() {
    let limited = |cpus, throttled| Host { cpu_limit: quota(cpus, throttled), ..ideal() };
    assert_eq!(found(limited(4, 0), Verdict::Limits), [] as [&str; 0]);
    assert_eq!(found(limited(3, 0), Verdict::Limits), ["cpu-quota"]);
    assert_eq!(found(limited(3, 7), Verdict::Limits), ["cpu-quota", "throttling"]);
    let throttling = check(limited(3, 7), "throttling");
    assert_eq!(throttling.found, "in 7 of 40 periods, for 7.00 ms in sum");
    assert!(throttling.remedy.unwrap().contains("RAYON_NUM_THREADS=3"));
}

#[test]
fn a_counter_that_is_refused_costs_and_says_what_helps() {
    let refused = "perf_event_paranoid is 4, which allows users nothing; set it with `sysctl …`";
    let unavailable = |_| Availability::Unavailable(refused.to_owned());
    let mut host = ideal();
    host.events.paranoid = Measured::Is(4);
    host.events.counters = counters(unavailable);
    host.events.switch_records = unavailable(Counter::TaskClock);
    host.events.hardware_groups = Measured::Is(0);
    let limits = found(host.clone(), Verdict::Limits);
    assert_eq!(&limits[..2], ["paranoid", "switch-records"]);
    assert_eq!(limits.len(), 2 + Counter::ALL.len());
    let cycles = check(host.clone(), "cycles");
    assert_eq!(cycles.found, "unavailable: perf_event_paranoid is 4, which allows users nothing");
    assert_eq!(cycles.remedy.as_deref(), Some("set it with `sysctl …`"));
    let text = text(host, 100);
    assert_eq!(text.matches("perf_event_paranoid is 4").count(), 3, "{text}");
    assert!(text.ends_with("limited by: paranoid, switch-records, 15 counters\n"), "{text}");
}

/// Nothing would ever be complete on CPUs that have no such event.
#[test]
fn what_a_pmu_does_not_count_is_noted_and_limits_nothing() {
    let mut host = ideal();
    host.events.counters = counters(|counter| match counter {
        Counter::StalledCyclesFrontend => {
            Availability::Unavailable("this CPU's PMU does not count it".to_owned())
        }
        _ => Availability::Available,
    });
    assert!(Checkup::of(host.clone()).complete);
    assert_eq!(found(host, Verdict::Note), ["stalled-cycles-frontend"]);
}

#[test]
fn counters_that_take_turns_are_estimates_and_the_watchdog_is_named() {
    let mut host = ideal();
    host.events.hardware_groups = Measured::Is(2);
    host.events.counters = counters(|counter| match counter.is_hardware() {
        true => Availability::Estimated,
        false => Availability::Available,
    });
    assert_eq!(check(host.clone(), "cycles").found, "estimated (multiplexed)");
    let groups = check(host.clone(), "hardware-groups");
    assert!(groups.remedy.unwrap().contains("nmi_watchdog"));
    assert!(text(host, 100).contains("  note     estimated         cycles, instructions,"));
}

#[test]
fn without_the_kernels_side_a_counter_is_noted() {
    let mut host = ideal();
    host.events.counters[0].user_only = true;
    assert_eq!(found(host, Verdict::Note), ["cycles"]);
}

#[test]
fn an_unstable_counter_of_time_limits() {
    let mut host = ideal();
    host.clocks.kernel = Measured::Is("hpet".to_owned());
    host.clocks.own = ClockSource::Os { reason: "the kernel has found it unstable".to_owned() };
    assert_eq!(found(host.clone(), Verdict::Limits), ["clock-source", "recording-clock"]);
    assert!(check(host, "clock-source").remedy.unwrap().contains("dmesg"));
}

#[test]
fn where_there_is_no_such_counter_none_is_missed() {
    let mut host = ideal();
    host.clocks.kernel = Measured::Is("arch_sys_counter".to_owned());
    host.clocks.invariant_tsc = not("this architecture has no time stamp counter");
    host.clocks.own = ClockSource::Os { reason: "no counter is known".to_owned() };
    assert_eq!(found(host.clone(), Verdict::Note), ["invariant-tsc", "recording-clock"]);
    assert!(Checkup::of(host).complete);
}

#[test]
fn a_large_machine_needs_more_rings_and_files_than_a_user_has() {
    let mut host = Host { cpus: cpus(256, 128), ..ideal() };
    host.cpus.sockets = Measured::Is(2);
    host.cpus.nodes = Measured::Is(2);
    assert_eq!(found(host.clone(), Verdict::Note), ["smt", "memory-nodes"]);
    assert_eq!(found(host.clone(), Verdict::Limits), ["ring-memory", "open-files"]);
    // 15 counters and the switch records of 256 workers.
    let files = check(host, "open-files");
    assert!(files.found.ends_with("events of 256 workers are 4096"), "{}", files.found);
    assert_eq!(files.remedy.as_deref(), Some("`ulimit -n 8192`"));
}

#[test]
fn a_filter_is_judged_by_what_it_lets_through() {
    let mut host = ideal();
    host.events.filtered = Measured::Is(true);
    assert!(Checkup::of(host.clone()).complete);
    let refused = || Availability::Unavailable("a seccomp filter forbids it; lift it".to_owned());
    host.events.counters = counters(|_| refused());
    host.events.switch_records = refused();
    assert!(found(host, Verdict::Limits).contains(&"seccomp"));
}

#[test]
fn of_another_system_every_fact_has_its_reason() {
    const REASON: &str = "not read on this operating system";
    let own = ClockSource::Os { reason: "it is so".to_owned() };
    let host = Host::unmeasured("plan9 mips".to_owned(), own, REASON);
    let checkup = Checkup::of(host.clone());
    assert!(!checkup.complete);
    for check in checkup.checks.iter().filter(|check| check.id != "recording-clock") {
        assert!(check.found.contains(REASON), "{check:?}");
    }
    assert!(text(host, 80).starts_with("plan9 mips\n\nprocessors\n  note     cpu "));
}

#[test]
fn whatever_limits_or_is_noted_says_what_it_costs() {
    let own = ClockSource::Tsc;
    let nothing = Host::unmeasured("linux".to_owned(), own, "nobody knows");
    for host in [ideal(), nothing] {
        let checks = Checkup::of(host).checks;
        for check in &checks {
            assert_eq!(check.cost.is_none(), check.verdict == Verdict::Ok, "{check:?}");
            assert_eq!(checks.iter().filter(|other| other.id == check.id).count(), 1, "{check:?}");
        }
    }
}

#[test]
fn lines_keep_to_the_terminals_width() {
    for width in [72, 100, 160] {
        let host = Host {
            cpu_limit: quota(1, 3),
            frequency: frequency("powersave", "acpi-cpufreq"),
            ..Host::unmeasured("linux".to_owned(), ClockSource::Tsc, "nobody knows")
        };
        let text = text(host, width);
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
    }
}
