//! `doctor` in each situation that a program may find itself in. No test changes the machine: what
//! is changed is the process that the test starts.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use cli_support::{Ran, Sandbox, seccomp};
use rayprism::model::Counter;
use serde_json::Value;

/// What `doctor --json` says, whose exit code says the same.
fn examined(mut command: Command) -> Value {
    let ran = Ran::from(command.output().unwrap());
    assert_eq!(ran.stderr, "");
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    let complete = said["complete"].as_bool().unwrap();
    assert_eq!(ran.code, Some(if complete { 0 } else { 4 }), "{said:#}");
    said
}

fn plainly() -> Value {
    examined(Sandbox::new().command("doctor --json"))
}

fn check<'v>(said: &'v Value, id: &str) -> &'v Value {
    let checks = said["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id} in {said:#}"))
}

fn counter(said: &Value, counter: Counter) -> &Value {
    let counters = said["host"]["events"]["counters"].as_array().unwrap();
    counters.iter().find(|info| info["counter"] == counter.name()).unwrap()
}

/// Why something is unavailable; `None` if it is not.
fn reason(availability: &Value) -> Option<&str> {
    availability["unavailable"].as_str()
}

fn has_perf_events(said: &Value) -> bool {
    reason(&counter(said, Counter::TaskClock)["availability"]).is_none()
}

/// CPU clocks and schedstat, which need no rights.
#[track_caller]
fn has_accounting(said: &Value) {
    for id in ["cpu-clock", "schedstat"] {
        assert_eq!(check(said, id)["verdict"], "ok", "{said:#}");
    }
}

#[test]
fn as_it_is_every_counter_and_every_fact_is_accounted_for() {
    let said = plainly();
    assert_eq!((&said["schema"], &said["version"]), (&"rayprism-doctor".into(), &1.into()));
    for counter in Counter::ALL {
        let check = check(&said, counter.name());
        let found = check["found"].as_str().unwrap();
        let known = ["available", "estimated (multiplexed)", "unavailable: "];
        assert!(known.iter().any(|start| found.starts_with(start)), "{check:#}");
    }
    let ids = [
        "cpu",
        "cores",
        "smt",
        "affinity",
        "cpu-quota",
        "throttling",
        "governor",
        "clock-source",
        "invariant-tsc",
        "recording-clock",
        "pmu",
        "paranoid",
        "seccomp",
        "switch-records",
        "ring-memory",
        "open-files",
    ];
    for id in ids {
        check(&said, id);
    }
    for check in said["checks"].as_array().unwrap() {
        assert_ne!(check["found"], "", "{check:#}");
        assert_eq!(check["verdict"] == "ok", check["cost"].is_null(), "{check:#}");
    }
    has_accounting(&said);
}

/// The kernel's lists, read here in another way.
#[test]
fn cpus_are_those_that_the_kernel_lists() {
    let host = &plainly()["host"];
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap();
    let listed = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let online = host["cpus"]["online"]["is"].as_array().unwrap();
    assert_eq!(online.len(), listed);
    let allowed = host["cpus"]["allowed"]["is"].as_array().unwrap();
    assert!(allowed.iter().all(|cpu| online.contains(cpu)) && !allowed.is_empty());
    if host["cpu_limit"]["quota"] == serde_json::json!({ "is": null }) {
        let usable = std::thread::available_parallelism().unwrap().get();
        assert_eq!(allowed.len(), usable);
    }
}

#[test]
fn a_process_on_one_cpu_is_told_so() {
    let allowed = plainly()["host"]["cpus"]["allowed"]["is"].take();
    let cpus = allowed.as_array().unwrap();
    let first = usize::try_from(cpus[0].as_u64().unwrap()).unwrap();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("doctor --json");
    #[expect(unsafe_code, reason = "only between fork and exec is there such a process")]
    // SAFETY: makes one system call that reads a set on the stack.
    unsafe {
        command.pre_exec(move || {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            libc::CPU_SET(first, &mut set);
            succeeded(libc::sched_setaffinity(0, size_of_val(&set), &raw const set))
        });
    }
    let said = examined(command);
    assert_eq!(said["host"]["cpus"]["allowed"]["is"], serde_json::json!([first]));
    let verdict = if cpus.len() > 1 { "note" } else { "ok" };
    assert_eq!(check(&said, "affinity")["verdict"], verdict, "{said:#}");
}

#[test]
fn for_people_it_is_aligned_and_names_everything() {
    let ran = Ran::from(Sandbox::new().command("doctor").output().unwrap());
    assert!(matches!(ran.code, Some(0 | 4)));
    for counter in Counter::ALL {
        assert!(ran.stdout.contains(counter.name()), "{counter:?}:\n{}", ran.stdout);
    }
    for word in ["processors", "affinity", "clock-source", "paranoid", "schedstat"] {
        assert!(ran.stdout.contains(word), "{word}:\n{}", ran.stdout);
    }
    let widest = ran.stdout.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "{}", ran.stdout);
}

/// What a user has depends on the machine's level, which is not this test's to change.
#[test]
fn a_user_without_rights_has_what_the_level_leaves_him() {
    let by_the_tests_user = plainly();
    let sandbox = Sandbox::new();
    let said = examined(sandbox.command_of_a_user("doctor --json"));
    has_accounting(&said);
    let events = &said["host"]["events"];
    let privileged = events["privileged"]["is"].as_bool().unwrap();
    let Some(level) = events["paranoid"]["is"].as_i64() else { return };
    if privileged || !has_perf_events(&by_the_tests_user) {
        return;
    }
    assert_eq!(check(&said, "paranoid")["verdict"], if level <= 1 { "ok" } else { "limits" });
    for kernels in [Counter::ContextSwitches, Counter::CpuMigrations] {
        let info = counter(&said, kernels);
        if level >= 2 {
            let reason = reason(&info["availability"]).unwrap();
            assert!(reason.contains(&format!("perf_event_paranoid is {level}")), "{reason}");
            assert!(reason.contains("CAP_PERFMON"), "{reason}");
        } else {
            assert_eq!(
                (&info["availability"], &info["user_only"]),
                (&"available".into(), &false.into())
            );
        }
    }
    for users in [Counter::TaskClock, Counter::MinorFaults, Counter::MajorFaults] {
        let info = counter(&said, users);
        match level {
            ..=1 => assert_eq!(info["user_only"], false, "{info}"),
            2 => {
                assert_eq!(
                    (&info["availability"], &info["user_only"]),
                    (&"available".into(), &true.into())
                );
            }
            // Debian's and Ubuntu's kernels refuse here, others take it for 2.
            3.. => assert!(reason(&info["availability"]).is_some() || info["user_only"] == true),
        }
    }
    if level <= 2 {
        assert_eq!(events["switch_records"], "available");
    }
    if level >= 0 {
        assert!(events["rings"]["at_most"]["is"]["at"].as_u64() > Some(0), "{events:#}");
    }
}

#[test]
fn under_a_containers_filter_nothing_is_counted_and_sums_are_left() {
    for errno in [libc::EPERM, libc::ENOSYS] {
        let sandbox = Sandbox::new();
        for mut command in
            [sandbox.command("doctor --json"), sandbox.command_of_a_user("doctor --json")]
        {
            seccomp::forbid_perf_events(&mut command, errno);
            let said = examined(command);
            has_accounting(&said);
            let events = &said["host"]["events"];
            assert_eq!(events["filtered"]["is"], true);
            let counters = events["counters"].as_array().unwrap();
            let availabilities = counters.iter().map(|info| &info["availability"]);
            for availability in availabilities.chain([&events["switch_records"]]) {
                let reason = reason(availability).unwrap();
                assert!(reason.contains("seccomp filter"), "{errno}: {reason}");
                assert!(reason.contains("container"), "{errno}: {reason}");
            }
            assert_eq!(check(&said, "seccomp")["verdict"], "limits");
            assert_eq!(said["complete"], false);
        }
    }
}

/// Each event of each worker is an open file.
#[test]
fn too_few_files_are_too_few_events() {
    let plainly = plainly();
    let counters = Counter::ALL.iter().map(|&wanted| counter(&plainly, wanted));
    let counted = counters.filter(|info| reason(&info["availability"]).is_none()).count();
    let workers = std::thread::available_parallelism().unwrap().get();
    // A file for each event of each worker, and as many for the program, but for one; `doctor` itself
    // needs some.
    let few = 2 * workers * (counted + 1) - 1;
    if !has_perf_events(&plainly) || few < 20 {
        return;
    }
    let few = libc::rlim_t::try_from(few).unwrap();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("doctor --json");
    #[expect(unsafe_code, reason = "only between fork and exec is there such a process")]
    // SAFETY: makes one system call that reads a limit on the stack.
    unsafe {
        command.pre_exec(move || {
            let limit = libc::rlimit { rlim_cur: few, rlim_max: few };
            succeeded(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit))
        });
    }
    let said = examined(command);
    let check = check(&said, "open-files");
    assert_eq!(check["verdict"], "limits");
    assert!(check["remedy"].as_str().unwrap().starts_with("`ulimit -n "), "{check}");
}

#[test]
fn every_check_has_its_name_to_itself() {
    let said = plainly();
    let checks = said["checks"].as_array().unwrap();
    let ids: BTreeSet<&str> = checks.iter().map(|check| check["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), checks.len());
}

fn succeeded(status: libc::c_int) -> io::Result<()> {
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
