//! `stat`: what a program's threads did, seen from outside, as root, as a user, and where there are
//! no events at all. The programs are this test's own file, told by its environment what to do.

#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod cli_support;

use std::env;
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use cli_support::{BINARY, Ran, Sandbox, heed_interrupts};
use serde_json::Value;

/// Tells the program below what to do.
const PART: &str = "RAYPRISM_TEST_PART";

/// No test: the program that is watched.
#[test]
fn program() {
    match env::var(PART).as_deref() {
        Ok("threads") => threads(),
        Ok("many") => (0..30).for_each(|_| named("many", || spin(1)).join().unwrap()),
        Ok("busy") => busy(),
        Ok("left") => left(),
        Ok("touchers") => touchers(),
        Ok("short") => (0..500).for_each(|_| short()),
        Ok("alive") => alive(),
        Ok("waiting") => {
            // In the folder that it runs in, since the test harness has its output.
            fs::write("waiting", std::process::id().to_string()).unwrap();
            std::io::stdin().read_line(&mut String::new()).unwrap();
            busy();
        }
        _ => {}
    }
}

fn named<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap()
}

const SLEEPS: u64 = 40;
const PAGES: u64 = 3_000;
const SPIN: u64 = 60;

fn threads() {
    let sleeper = named("sleeper", || sleep(SLEEPS));
    let toucher = named("toucher", || {
        thread::sleep(NOTICED);
        touch(PAGES);
    });
    let spinner = named("spinner", || spin(SPIN));
    [sleeper, toucher, spinner].into_iter().for_each(|thread| thread.join().unwrap());
    let child = Command::new("sh").args(["-c", "true; exit 0"]).status().unwrap();
    assert!(child.success());
}

const TOUCHED: [u64; 4] = [500, 1_000, 2_000, 4_000];

/// Threads that wait until they are noticed, before they touch pages.
fn touchers() {
    let toucher = |pages: u64| {
        named(&format!("touch-{pages}"), move || {
            thread::sleep(NOTICED);
            touch(pages);
        })
    };
    TOUCHED.map(toucher).into_iter().for_each(|thread| thread.join().unwrap());
}

/// Enough for who watches to have been on a CPU, busy as the machine may be.
const NOTICED: Duration = Duration::from_millis(150);

/// Four at once that end at once.
fn short() {
    let threads = [(); 4].map(|()| named("short", || touch(1)));
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

const ALIVE: usize = 40;

fn alive() {
    let alive = || {
        thread::sleep(NOTICED);
        touch(100);
    };
    let threads: Vec<_> = (0..ALIVE).map(|_| named("alive", alive)).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn sleep(times: u64) {
    (0..times).for_each(|_| thread::sleep(Duration::from_millis(1)));
}

/// So many pages that were never touched before.
fn touch(pages: u64) {
    const PAGE: usize = 4096;
    let length = pages as usize * PAGE;
    #[expect(unsafe_code, reason = "fresh pages, each of which faults alone")]
    // SAFETY: the memory is mapped here and is as long as is said.
    unsafe {
        let (access, kind) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let memory = libc::mmap(std::ptr::null_mut(), length, access, kind, -1, 0);
        assert_ne!(memory, libc::MAP_FAILED);
        libc::madvise(memory, length, libc::MADV_NOHUGEPAGE);
        (0..length).step_by(PAGE).for_each(|at| memory.cast::<u8>().add(at).write_volatile(1));
        libc::munmap(memory, length);
    }
}

/// So many milliseconds of CPU time.
fn spin(millis: u64) {
    let start = cpu_millis();
    while cpu_millis() < start + millis {
        std::hint::spin_loop();
    }
}

fn cpu_millis() -> u64 {
    rayprism::linux::own_cpu().unwrap().0 / 1_000_000
}

/// Enough of everything for one in a hundred to be more than what happens by chance.
fn busy() {
    let mover = named("mover", || {
        for turn in 0..600 {
            move_to(turn % 2);
            thread::sleep(Duration::from_micros(100));
        }
    });
    let toucher = named("toucher", || touch(80_000));
    let spinner = named("spinner", || spin(1_000));
    [mover, toucher, spinner].into_iter().for_each(|thread| thread.join().unwrap());
}

fn move_to(cpu: usize) {
    #[expect(unsafe_code, reason = "system calls")]
    // SAFETY: all zeroes is a set of no CPUs; where there is but one CPU, nothing moves.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set);
    }
}

/// Threads that are still there when the process ends.
fn left() {
    named("left", || thread::sleep(Duration::from_secs(1_000)));
    named("spun", || spin(5)).join().unwrap();
    #[expect(clippy::exit, reason = "threads that are left are what is tested")]
    std::process::exit(7);
}

/// This test's own file with `part` to do, under `stat`.
fn stat(sandbox: &Sandbox, options: &str, part: &str) -> Command {
    let this = env::current_exe().unwrap();
    stat_of(sandbox, options, this.to_str().unwrap(), part)
}

fn stat_of(sandbox: &Sandbox, options: &str, program: &str, part: &str) -> Command {
    let mut command = sandbox.command(&format!("stat {options} --"));
    command.arg(program).args(["--exact", "program", "--test-threads=1"]).env(PART, part);
    command
}

fn json(sandbox: &Sandbox, mut command: Command) -> (Ran, Value) {
    let ran = Ran::from(command.output().unwrap());
    let text = fs::read_to_string(sandbox.path("stat.json")).unwrap_or_else(|_| panic!("{ran:?}"));
    (ran, serde_json::from_str(&text).unwrap())
}

fn watch(part: &str) -> Value {
    let sandbox = Sandbox::new();
    let (ran, stat) = json(&sandbox, stat(&sandbox, "--json -o stat.json", part));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    stat
}

fn threads_of(stat: &Value) -> &[Value] {
    stat["threads"].as_array().unwrap()
}

fn thread<'s>(stat: &'s Value, name: &str) -> &'s Value {
    let found = threads_of(stat).iter().find(|thread| thread["name"] == name);
    found.unwrap_or_else(|| panic!("no thread {name} in {stat:#}"))
}

/// The value of `counter` of a thread of `stat`.
fn count(stat: &Value, thread: &Value, counter: &str) -> u64 {
    let totals = stat["totals"].as_array().unwrap();
    let place = totals.iter().position(|total| total["counter"] == counter).unwrap();
    thread["counts"][place]["is"].as_u64().unwrap_or_else(|| panic!("{counter} of {thread:#}"))
}

fn total<'s>(stat: &'s Value, counter: &str) -> &'s Value {
    let totals = stat["totals"].as_array().unwrap();
    totals.iter().find(|total| total["counter"] == counter).unwrap()
}

fn part(thread: &Value, part: &str) -> u64 {
    thread["scheduling"]["is"][part].as_u64().unwrap_or_else(|| panic!("{part} of {thread:#}"))
}

fn has_events(stat: &Value) -> bool {
    stat["events"]["is"].is_object()
}

/// What holds of every thread, whoever watches.
fn assert_lives_add_up(stat: &Value) {
    assert!(!threads_of(stat).is_empty());
    for thread in threads_of(stat) {
        let parts = ["on_cpu", "preempted", "voluntary"].map(|name| part(thread, name));
        assert_eq!(parts.iter().sum::<u64>(), part(thread, "wall"), "{thread:#}");
    }
}

/// What is known of the threads of the part `threads`, where there are events.
fn assert_threads_are_known(stat: &Value) {
    assert_lives_add_up(stat);
    assert_eq!(stat["events"]["is"]["lost"], 0);
    let (sleeper, toucher, spinner) =
        (thread(stat, "sleeper"), thread(stat, "toucher"), thread(stat, "spinner"));
    assert!(part(sleeper, "voluntary_switches") >= SLEEPS, "{sleeper:#}");
    assert!(part(sleeper, "voluntary") >= SLEEPS * 1_000_000, "{sleeper:#}");
    assert!(part(spinner, "on_cpu") >= (SPIN - 1) * 1_000_000, "{spinner:#}");
    let clock = count(stat, spinner, "task-clock");
    assert_eq!(clock, part(spinner, "on_cpu"), "{spinner:#}");
    let faults = total(stat, "minor-faults")["value"]["is"].as_u64().unwrap();
    assert!((PAGES..PAGES + 3_000).contains(&faults), "{faults}");
    assert_touched(stat, toucher, PAGES);
    // What is of the child is not the program's own.
    let shell = thread(stat, "sh");
    assert_ne!(shell["process"], stat["process"]);
    assert!(threads_of(stat).iter().all(|thread| thread["has_ended"] == true));
    let threads: u64 =
        threads_of(stat).iter().map(|thread| count(stat, thread, "context-switches")).sum();
    let switches = total(stat, "context-switches")["value"]["is"].as_u64().unwrap();
    assert!(switches.abs_diff(threads) <= 1 + switches / 100, "{switches} {threads}");
}

#[test]
fn threads_are_known_by_name_with_their_times_and_counts() {
    let stat = watch("threads");
    if !has_events(&stat) {
        return skipped(&stat["events"]);
    }
    assert_threads_are_known(&stat);
}

/// The faults of a thread that touched so many pages after it was noticed, and of all threads.
fn assert_touched(stat: &Value, thread: &Value, pages: u64) {
    let from = Duration::from_nanos(thread["counted_from"]["is"].as_u64().unwrap());
    assert!(from > Duration::ZERO && from < NOTICED, "{thread:#}");
    // A few are of the thread's own end.
    let faults = count(stat, thread, "minor-faults");
    assert!((pages..pages + 50).contains(&faults), "{thread:#}");
    assert!(thread["uncounted"].as_u64().unwrap() <= part(thread, "on_cpu"), "{thread:#}");
    assert!(
        faults_of_threads(stat) <= total(stat, "minor-faults")["value"]["is"].as_u64().unwrap()
    );
}

/// Those that are known; where there is no count, there is a reason.
fn faults_of_threads(stat: &Value) -> u64 {
    let totals = stat["totals"].as_array().unwrap();
    let place = totals.iter().position(|total| total["counter"] == "minor-faults").unwrap();
    let faults = threads_of(stat).iter().filter_map(|thread| {
        let count = &thread["counts"][place];
        let from = &thread["counted_from"];
        assert_eq!(count["not"], from["not"], "{thread:#}");
        assert_ne!(count["is"].is_u64(), from["not"].is_string(), "{thread:#}");
        count["is"].as_u64()
    });
    faults.sum()
}

#[test]
fn each_threads_own_faults_are_its_own() {
    let stat = watch("touchers");
    if !has_events(&stat) {
        return skipped(&stat["events"]);
    }
    for pages in TOUCHED {
        assert_touched(&stat, thread(&stat, &format!("touch-{pages}")), pages);
    }
    let coverage = &stat["coverage"]["is"];
    assert_eq!(coverage["counted"], threads_of(&stat).len());
    assert_eq!(coverage["late"]["threads"], threads_of(&stat).len() - 1);
}

/// Of a program of one thread, the sum and the thread's own are two counters of the same.
#[test]
fn nothing_of_the_first_thread_is_missing() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("stat --json -o stat.json -- sh -c");
    command.arg("i=0; while [ $i -lt 500 ]; do i=$((i + 1)); done");
    let (_, stat) = json(&sandbox, command);
    if !has_events(&stat) {
        return skipped(&stat["events"]);
    }
    let [first] = threads_of(&stat) else { panic!("{stat:#}") };
    assert_eq!((&first["counted_from"]["is"], &first["uncounted"]), (&0.into(), &0.into()));
    let faults = total(&stat, "minor-faults")["value"]["is"].as_u64().unwrap();
    assert!(faults > 10);
    assert_eq!(count(&stat, first, "minor-faults"), faults);
}

#[test]
fn of_many_short_threads_each_has_counts_or_a_reason() {
    let stat = watch("short");
    if !has_events(&stat) {
        return skipped(&stat["events"]);
    }
    let short = || threads_of(&stat).iter().filter(|thread| thread["name"] == "short");
    assert_eq!(stat["events"]["is"]["lost"], 0);
    assert_eq!(short().count(), 2_000);
    let known = faults_of_threads(&stat);
    assert!(known <= total(&stat, "minor-faults")["value"]["is"].as_u64().unwrap());
    for thread in short().filter(|thread| thread["counted_from"]["is"].is_null()) {
        let reason = thread["counted_from"]["not"].as_str().unwrap();
        assert!(reason.starts_with("the thread had "), "{reason}");
    }
}

#[test]
fn threads_beyond_the_files_that_may_be_open_are_said_to_be_not_counted() {
    let sandbox = Sandbox::new();
    let mut command = stat(&sandbox, "--json -o stat.json -e minor-faults", "alive");
    // Two rings and a counter on each CPU, and places for half of the threads.
    let files = 3 * thread::available_parallelism().unwrap().get() + 10 + ALIVE / 2;
    let limit = libc::rlimit { rlim_cur: files as u64, rlim_max: files as u64 };
    #[expect(unsafe_code, reason = "what runs between fork and exec is restricted")]
    // SAFETY: the closure makes a system call with a valid limit.
    unsafe {
        command.pre_exec(move || match libc::setrlimit(libc::RLIMIT_NOFILE, &limit) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
    let (ran, stat) = json(&sandbox, command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    if !has_events(&stat) {
        return skipped(&stat["events"]);
    }
    let alive = || threads_of(&stat).iter().filter(|thread| thread["name"] == "alive");
    assert_eq!(alive().count(), ALIVE);
    let reasons = || alive().filter_map(|thread| thread["counted_from"]["not"].as_str());
    let few_files = |reason: &&str| reason.contains("too many files open");
    // On a busy machine one may have done its work before its turn came.
    let others: Vec<_> = reasons().filter(|reason| !few_files(reason)).collect();
    assert!(others.iter().all(|reason| reason.starts_with("the thread ")), "{others:?}");
    assert!((1..ALIVE).contains(&reasons().filter(few_files).count()), "{stat:#}");
    faults_of_threads(&stat);
}

#[test]
fn a_user_sees_the_same_and_no_zero_for_what_is_not_counted() {
    if !is_root() {
        return skipped("only root can be another user");
    }
    let sandbox = Sandbox::new();
    let (binary, program) = for_everyone(&sandbox);
    let mut command = stat_of(&sandbox, "--json -o stat.json", &program, "threads");
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    command = sandbox.other(&binary, &[]);
    command.args(arguments).env(PART, "threads").uid(65_534).gid(65_534);
    let (ran, stat) = json(&sandbox, command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    if !has_events(&stat) {
        return skipped(&stat["events"]);
    }
    assert_threads_are_known(&stat);
    let switches = total(&stat, "context-switches");
    assert!(switches["value"]["is"].as_u64().unwrap() >= SLEEPS);
    let from = if total(&stat, "minor-faults")["user_only"] == true {
        "switch-records"
    } else {
        "counter"
    };
    assert_eq!(switches["source"], from, "{stat:#}");
}

/// Both programs where any user can execute them, and the folder where any can write.
fn for_everyone(sandbox: &Sandbox) -> (String, String) {
    let open = |name: &str| fs::set_permissions(sandbox.path(name), Permissions::from_mode(0o777));
    open(".").unwrap();
    let copy = |from: &std::path::Path, name: &str| {
        fs::copy(from, sandbox.path(name)).unwrap();
        open(name).unwrap();
        sandbox.path(name).to_str().unwrap().to_owned()
    };
    (copy(BINARY.as_ref(), "rayprism"), copy(&env::current_exe().unwrap(), "program"))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// Says why a test says nothing.
#[expect(clippy::print_stderr, reason = "it is for who runs the tests")]
fn skipped(why: impl std::fmt::Display) {
    eprintln!("skipped: {why}");
}

#[test]
fn under_a_filter_the_kernels_accounting_does_and_says_so() {
    let sandbox = Sandbox::new();
    let mut command = stat(&sandbox, "--json -o stat.json", "threads");
    without_perf(&mut command);
    let (ran, stat) = json(&sandbox, command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let reason = stat["events"]["not"].as_str().unwrap();
    assert!(reason.contains("seccomp"), "{reason}");
    assert_lives_add_up(&stat);
    let clock = total(&stat, "task-clock");
    assert_eq!(clock["source"], "accounting");
    assert!(clock["value"]["is"].as_u64().unwrap() >= (SPIN - 1) * 1_000_000);
    assert!(total(&stat, "minor-faults")["value"]["is"].as_u64().unwrap() >= PAGES);
    assert!(total(&stat, "context-switches")["value"]["is"].as_u64().unwrap() >= SLEEPS);
    for unknown in ["cycles", "cpu-migrations"] {
        assert!(total(&stat, unknown)["value"]["not"].is_string(), "{unknown}");
    }
    let spinner = thread(&stat, "spinner");
    assert_eq!(spinner["scheduling"]["is"]["source"], "accounting");
    assert!(spinner["scheduling"]["is"]["migrations"].is_null());
    // /proc tells what a thread did since its beginning.
    assert_eq!(spinner["counted_from"]["is"], 0);
}

/// As containers do: the call fails with EPERM.
fn without_perf(command: &mut Command) {
    let statement = |code: u32, jump: u8, value: u32| libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: 0,
        jf: jump,
        k: value,
    };
    let refused = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
    let mut filter = [
        // The call's number is what the filter's data begin with.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        statement(
            libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
            1,
            u32::try_from(libc::SYS_perf_event_open).unwrap(),
        ),
        statement(libc::BPF_RET | libc::BPF_K, 0, refused),
        statement(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let install = move || {
        let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
        #[expect(unsafe_code, reason = "system calls")]
        // SAFETY: the program and its statements live as long as the call.
        let status = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program)
        };
        if status == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
    };
    #[expect(unsafe_code, reason = "what runs between fork and exec is restricted")]
    // SAFETY: `install` makes system calls only.
    unsafe {
        command.pre_exec(install);
    }
}

#[test]
fn threads_that_end_with_the_process_are_known_to_their_end() {
    let sandbox = Sandbox::new();
    let (ran, stat) = json(&sandbox, stat(&sandbox, "--json -o stat.json", "left"));
    assert_eq!(ran.code, Some(7));
    assert_eq!(stat["ended"]["exited"], 7);
    if !has_events(&stat) {
        return skipped(&stat["events"]);
    }
    assert_lives_add_up(&stat);
    let left = thread(&stat, "left");
    assert_eq!(left["has_ended"], true);
    assert!(part(left, "voluntary_switches") >= 1, "{left:#}");
    assert!(count(&stat, thread(&stat, "spun"), "task-clock") >= 4_000_000);
}

#[test]
fn the_program_keeps_its_input_output_and_exit_code() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("stat -o report -- sh -c");
    command.arg("read line; echo got $line; echo too >&2; exit 42");
    let mut running = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut running.stdin.take().unwrap(), b"words\n").unwrap();
    let ran = Ran::from(running.wait_with_output().unwrap());
    let expected = (Some(42), "got words\n", "too\n");
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), expected);
    let report = fs::read_to_string(sandbox.path("report")).unwrap();
    assert!(report.contains(" exited with 42 after "), "{report}");
}

#[test]
fn a_killed_program_and_those_that_cannot_run_have_the_shells_codes() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("stat -- sh -c");
    let ran = Ran::from(command.arg("kill -9 $$").output().unwrap());
    assert_eq!(ran.code, Some(137));
    assert!(ran.stderr.contains("was killed by signal 9"), "{}", ran.stderr);
    let message = sandbox.run("stat -- ./nowhere").failed(127);
    assert!(message.starts_with("failed to run ./nowhere: it cannot be executed: "), "{message}");
    sandbox.write("text", "no program");
    sandbox.run("stat -- ./text").failed(126);
}

#[test]
fn an_interrupt_goes_to_the_program_and_the_report_is_printed() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("stat -- sh -c");
    command.arg("trap 'echo bye; exit 5' INT; echo ready; while :; do sleep 0.01; done");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = heed_interrupts(&mut command).spawn().unwrap();
    let mut output = running.stdout.take().unwrap();
    output.read_exact(&mut [0; 6]).unwrap();
    let id = i32::try_from(running.id()).unwrap();
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the process was made here and has not been waited for.
    unsafe {
        libc::kill(id, libc::SIGINT);
    }
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    let ran = Ran::from(running.wait_with_output().unwrap());
    assert_eq!((ran.code, rest.as_str()), (Some(5), "bye\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains(" exited with 5 after "), "{}", ran.stderr);
}

#[test]
fn a_long_list_of_threads_is_cut_and_json_has_them_all() {
    let sandbox = Sandbox::new();
    let ran = Ran::from(stat(&sandbox, "--top 3", "many").output().unwrap());
    let stat = watch("many");
    if !has_events(&stat) {
        return skipped(&stat["events"]);
    }
    let many = threads_of(&stat).iter().filter(|thread| thread["name"] == "many").count();
    assert_eq!(many, 30);
    let more = threads_of(&stat).len() - 3;
    assert!(ran.stderr.contains(&format!("\n  … and {more} more, ")), "{}", ran.stderr);
}

#[test]
fn the_counts_of_intervals_add_up_to_no_more_than_the_sums() {
    let sandbox = Sandbox::new();
    let options = "--interval 20 -e task-clock,minor-faults --json -o stat.json";
    let (_, stat) = json(&sandbox, stat(&sandbox, options, "busy"));
    let intervals = stat["intervals"].as_array().unwrap();
    assert!(intervals.len() > 1);
    for (place, counter) in ["task-clock", "minor-faults"].iter().enumerate() {
        let counts = intervals.iter().map(|interval| &interval["counts"][place]);
        let sum: u64 = counts
            .map(|count| {
                assert_eq!(count[0], **counter);
                count[1]["is"].as_u64().unwrap()
            })
            .sum();
        assert!(sum > 0 && sum <= total(&stat, counter)["value"]["is"].as_u64().unwrap());
    }
}

#[test]
fn an_unknown_counter_gets_the_nearest_name() {
    let message = Sandbox::new().run("stat -e task-clock,cycels -- true").failed(2);
    let expected = "there is no counter 'cycels': did you mean cycles? counters: cycles, ";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn no_program_is_a_mistake_of_usage() {
    assert_eq!(Sandbox::new().run("stat").code, Some(2));
}

/// `perf stat` on the same run of the same process: that waits until both watch it.
#[test]
fn software_counters_agree_with_perf() {
    if !is_root() || Command::new("perf").arg("--version").output().is_err() {
        return skipped("perf is not installed, or may not count the kernel's side");
    }
    let sandbox = Sandbox::new();
    let mut command = stat(&sandbox, "--json -o stat.json", "waiting");
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    wait_until(|| fs::read_to_string(sandbox.path("waiting")).is_ok_and(|id| !id.is_empty()));
    let process = fs::read_to_string(sandbox.path("waiting")).unwrap();
    let mut perf = attached_perf(&sandbox, &process);
    let attached = perf.is_some();
    // It goes on when its input ends.
    drop(running.stdin.take());
    assert!(running.wait().unwrap().success());
    if let Some(perf) = &mut perf {
        perf.wait().unwrap();
    }
    let text = fs::read_to_string(sandbox.path("stat.json")).unwrap();
    let stat: Value = serde_json::from_str(&text).unwrap();
    if !attached || !has_events(&stat) {
        return skipped("perf counts nothing here");
    }
    let perf = fs::read_to_string(sandbox.path("perf.csv")).unwrap();
    for counter in AGREED.split(',') {
        let own = total(&stat, counter)["value"]["is"].as_u64().unwrap();
        let theirs = of_perf(&perf, counter);
        let allowed = (theirs * 0.01).max(1.0);
        assert!((own as f64 - theirs).abs() <= allowed, "{counter}: {own}, perf {theirs}");
    }
}

const AGREED: &str = "task-clock,context-switches,cpu-migrations,minor-faults,major-faults";

/// perf, once it counts what the process does; `None` if this perf cannot tell when it does.
fn attached_perf(sandbox: &Sandbox, process: &str) -> Option<std::process::Child> {
    let pipe = |name: &str| {
        let made = Command::new("mkfifo").arg(sandbox.path(name)).status();
        made.is_ok_and(|status| status.success()).then(|| sandbox.path(name))
    };
    let (control, answer) = (pipe("control")?, pipe("answer")?);
    // Both ways at once, so that opening waits for nobody.
    let open = |path| fs::File::options().read(true).write(true).open(path).unwrap();
    let (mut control, mut answer) = (open(control), open(answer));
    let mut perf = sandbox.other("perf", &["stat", "-x,", "-o", "perf.csv", "-D", "-1"]);
    perf.args(["-e", AGREED, "-p", process, "--control", "fifo:control,answer"]);
    let mut perf = perf.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut control, b"enable\n").unwrap();
    let (told, heard) = std::sync::mpsc::channel();
    thread::spawn(move || told.send(answer.read(&mut [0; 8])));
    // A perf that does not know how to answer ends.
    loop {
        if heard.recv_timeout(Duration::from_millis(10)).is_ok() {
            return Some(perf);
        }
        if perf.try_wait().unwrap().is_some() {
            return None;
        }
    }
}

fn wait_until(done: impl Fn() -> bool) {
    while !done() {
        thread::sleep(Duration::from_millis(1));
    }
}

/// A value of `perf stat -x,`: the first field of the line whose third is the counter.
fn of_perf(text: &str, counter: &str) -> f64 {
    let lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let line = lines.filter(|fields| fields.len() > 2).find(|fields| fields[2] == counter).unwrap();
    let value: f64 = line[0].parse().unwrap();
    // Of all of them, the clock alone has a unit.
    if line[1] == "msec" { value * 1e6 } else { value }
}
