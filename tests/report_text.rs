//! The text report, compared whole.

mod timeline_fixture;

use rayprism::model::*;
use rayprism::report::{Report, text};
use text::Style;
use timeline_fixture::*;

const WIDE: Style = Style { colour: false, width: 100 };
const NARROW: Style = Style { colour: false, width: 72 };

fn report(trace: &Trace) -> Report {
    Report::of(trace).expect("sound")
}

fn section(trace: &Trace, style: Style) -> String {
    let mut out = Vec::new();
    text::write(&report(trace), &style, &mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

fn comparison(traces: &[Trace], style: Style) -> String {
    let reports: Vec<Report> = traces.iter().map(report).collect();
    let mut out = Vec::new();
    text::write_comparison(&reports, &style, &mut out).expect("memory");
    String::from_utf8(out).expect("UTF-8")
}

#[track_caller]
/// Compares with a file of that name beside this one; `RAYPRISM_BLESS=1` writes it anew.
fn golden(text: &str, name: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report_text");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("RAYPRISM_BLESS").is_some() {
        std::fs::write(&path, text).expect("a folder to write to");
    }
    let expected = std::fs::read_to_string(&path).expect("a golden text");
    same(text, &expected);
}

fn same(actual: &str, expected: &str) {
    assert!(actual == expected.trim_start_matches('\n'), "it is now:\n{actual}");
}

fn micros(times: &[u64]) -> Samples {
    Samples(times.iter().map(|&time| Nanos(time * 1000)).collect())
}

/// A run of `invert-tree`; all but `serial` are compared with `serial`.
fn run(variant: &str, times: &[u64]) -> Run {
    let baseline = Baseline {
        variant: "serial".to_owned(),
        serial: true,
        samples: micros(&[19_600]),
        parts: Measured::Not("constructed".to_owned()),
        counted: Measured::Not("constructed".to_owned()),
    };
    Run {
        workload: "invert-tree".to_owned(),
        variant: variant.to_owned(),
        threads: 2,
        parameters: vec![Parameter { name: "depth".to_owned(), value: "23".to_owned() }],
        samples: micros(times),
        recorded: 1,
        one_worker: None,
        baseline: (variant != "serial").then_some(baseline),
    }
}

fn of_run(run: Run, trace: Trace) -> Trace {
    let header = Header { run: Some(run), ..trace.header };
    Trace { header, ..trace }
}

/// `crossed` as a run whose collapsed joins migrated.
fn measured() -> Trace {
    let mut trace = of_run(run("join", &[60_200, 62_100, 71_900]), crossed());
    trace.lanes[1].name = Some("rayon-0".to_owned());
    trace.lanes[1].cpu = Measured::Is(Nanos(910));
    trace.lanes[2].cpu = Measured::Is(Nanos(770));
    trace.lanes[2].counts.migrated = 31;
    trace.lanes[2].counts.joins += 1234;
    trace
}

/// A stock pool of three with a late worker, one that recorded nothing, and losses.
fn doubtful() -> Trace {
    let mut trace = crossed();
    trace.header.debug_assertions = true;
    trace.header.clock.source = ClockSource::Os { reason: "the counter is not invariant".into() };
    trace.pools[0] = Pool { threads: 3, every_call_seen: false, ..trace.pools[0].clone() };
    trace.lanes[1].losses = Losses { dropped: 1200, clamped: 1, ..Losses::default() };
    trace.lanes[2].started = Some(Nanos(300));
    let Event::Join(join) = &mut trace.lanes[1].events[1] else { panic!("a join") };
    join.span = span(301, 900);
    trace
}

#[test]
fn a_section_of_a_run() {
    golden(&section(&measured(), WIDE), "measured");
}

#[test]
fn a_section_keeps_to_its_width() {
    let text = section(&measured(), NARROW);
    golden(&text, "measured_narrow");
    assert!(text.lines().all(|line| line.chars().count() <= NARROW.width));
}

#[test]
fn a_section_warns_first_and_gives_reasons_for_what_is_missing() {
    golden(&section(&doubtful(), WIDE), "doubtful");
}

#[test]
fn a_section_of_a_recording_that_the_kernel_watched() {
    golden(&section(&watched(), WIDE), "watched");
}

#[test]
fn a_section_of_a_recording_from_within_rayon() {
    golden(&section(&within(), WIDE), "within");
}

#[test]
fn searches_and_sleeps_that_were_too_short_are_said_to_be_missing() {
    const NOTE: &str = "\n  search, sleep: without those that were too short to be kept\n";
    let mut trace = within();
    assert!(!section(&trace, WIDE).contains(NOTE));
    trace.lanes[1].idling.stretches.remove(3);
    let text = section(&trace, WIDE);
    assert!(text.contains(NOTE), "{text}");
    // 100 ns of search are gone.
    assert!(text.contains("\n  0        600 ns    200 ns    200 ns   160 ns   140 ns "), "{text}");
}

#[test]
fn the_table_of_time_on_the_cpu_keeps_to_its_width() {
    let text = section(&watched(), NARROW);
    assert!(
        text.contains("\n  worker    on CPU   preempted   blocked   yielded   asleep   switches\n")
    );
    assert!(text.lines().all(|line| line.chars().count() <= NARROW.width), "{text}");
}

/// `watched` by someone whom the kernel allows its accounts alone.
fn accounted() -> Trace {
    let mut trace = watched();
    let denied = "perf_event_paranoid is 3, which allows users nothing";
    for info in &mut trace.header.kernel.counters {
        info.availability = Availability::Unavailable(denied.to_owned());
    }
    trace.header.kernel.switch_records = Measured::Not(denied.to_owned());
    for lane in &mut trace.lanes[1..] {
        let Measured::Is(sums) = lane.watched.scheduling else { panic!("measured") };
        let sums = Scheduling {
            source: SchedulingSource::Accounting,
            voluntary_switches: None,
            preemptions: None,
            migrations: None,
            ..sums
        };
        let scheduling = Measured::Is(sums);
        lane.watched = Watched { scheduling, ..Watched::default() };
    }
    trace
}

#[test]
fn accounts_are_shown_as_sums_with_the_reason() {
    let text = section(&accounted(), WIDE);
    let from = text.rfind("\n  worker ").expect("a table");
    same(&text[from + 1..], ACCOUNTED);
}

#[test]
fn a_worker_that_could_not_be_watched_is_named() {
    let mut trace = watched();
    trace.lanes[2].watched = Watched::unmeasured("the thread had ended before it was noticed");
    let text = section(&trace, WIDE);
    let note = "  time on the CPU of worker 1: not measured (the thread had ended before it was noticed)\n";
    assert!(text.contains(note), "{text}");
    assert!(
        text.contains(
            "\n  1             –           –         –         –        –          –            –\n"
        ),
        "{text}"
    );
}

#[test]
fn what_is_missing_of_the_kernels_records_is_a_loss() {
    let mut trace = watched();
    trace.lanes[1].losses.switches = 1;
    trace.lanes[1].losses.off_cpu = 2;
    trace.lanes[1].watched.off_cpu.remove(1);
    let text = section(&trace, WIDE);
    let warning = "  warning   the trace is not whole: 1 switch record lost, so that times on and off \
                   the CPU are\n            wrong, 2 short stretches off the CPU kept in sum alone\n";
    assert!(text.contains(warning), "{text}");
    let note = "  on CPU: holds up to 30 ns off the CPU, in stretches too short to be kept\n";
    assert!(text.contains(note), "{text}");
}

#[test]
fn all_of_the_cpus_counters_have_one_name() {
    let mut trace = watched();
    let denied = Availability::Unavailable("this machine has no PMU".to_owned());
    let info = |&counter: &Counter| CounterInfo {
        counter,
        availability: denied.clone(),
        user_only: false,
    };
    trace.header.kernel.counters = Counter::ALL.iter().map(info).collect();
    trace.lanes.iter_mut().for_each(|lane| lane.watched.readings.clear());
    let text = section(&trace, WIDE);
    let line = "  uncounted   hardware counters, task-clock, context-switches, cpu-migrations, \
                minor-faults,\n              major-faults (this machine has no PMU)\n";
    assert!(text.contains(line), "{text}");
}

#[test]
fn a_section_of_counts_only() {
    let mut trace = trace(2000, vec![worker(1, 0, vec![])]);
    trace.header.detail = Detail::Count;
    trace.lanes[0].counts = Counts { joins: 1000, tasks: 1, injected: 1, ..Counts::default() };
    golden(&section(&trace, WIDE), "counted");
}

#[test]
fn a_section_without_workers() {
    let mut trace = of_run(run("serial", &[19_600, 19_700]), trace(19_700_000, vec![]));
    trace.pools.clear();
    golden(&section(&trace, WIDE), "serial");
}

#[test]
fn pools_have_a_table_each() {
    let inner = Role::Worker { pool: PoolId(2), index: 0 };
    let lanes = vec![
        worker(1, 0, vec![Event::Task(task(1, 1, 0, 100))]),
        Lane { role: inner, ..worker(2, 0, vec![Event::Task(task(2, 1, 50, 80))]) },
    ];
    let trace = Trace { pools: vec![pool(1, 1), pool(2, 1)], ..trace(100, lanes) };
    let text = section(&trace, WIDE);
    let from = text.rfind("  pool 1").expect("its name");
    let tables: Vec<&str> = text[from..].lines().take(8).collect();
    same(&tables.join("\n"), POOLS.trim_end());
}

/// Of three hundred pools those have a section that worked most, the older of equal ones; the others
/// are counted.
#[test]
fn of_many_pools_the_busiest_are_shown() {
    let pools: Vec<Pool> = (1..=300).map(|number| pool(number, 1)).collect();
    let worked =
        |number: u32| if number.is_multiple_of(50) { 900 } else { u64::from(number % 7) + 1 };
    let lanes = (1..=300).map(|number| {
        let events = vec![Event::Task(task(number, 1, 0, worked(number)))];
        Lane { role: Role::Worker { pool: PoolId(number), index: 0 }, ..worker(number, 0, events) }
    });
    let text = section(&Trace { pools, ..trace(1_000, lanes.collect()) }, WIDE);
    for busy in [6, 13, 50, 100, 150, 200, 250, 300] {
        let name = format!("  pool {busy}, 1 worker\n");
        assert_eq!(text.matches(&name).count(), 2, "{busy}: {text}");
    }
    assert_eq!(text.matches("where the core went").count(), 8, "{text}");
    assert!(text.contains("  292 pools more are left out"), "{text}");
}

#[test]
fn parallel_iterators_have_a_table() {
    same(&iterators(&varied(), WIDE), VARIED);
}

#[test]
fn the_table_of_parallel_iterators_keeps_to_its_width() {
    let mut trace = varied();
    trace.chains[0] = "Range<u64> → filter → map → flat_map → inspect → sum".to_owned();
    trace.sites[0].location = "/a/crate-with-a-long-name/its-module-of-sums.rs:7:5".to_owned();
    let text = iterators(&trace, NARROW);
    same(&text, VARIED_NARROW);
    assert!(text.lines().all(|line| line.chars().count() <= NARROW.width));
}

#[test]
fn parallel_iterators_of_counts_only_have_no_times() {
    let mut trace = trace(2000, vec![worker(1, 0, vec![])]);
    trace.header.detail = Detail::Count;
    trace.chains = vec!["Iter → sum".to_owned()];
    trace.sites = (1..=14).map(|n| Site { location: format!("src/main.rs:{n}:5") }).collect();
    let counted = |site| Tally {
        operations: 1,
        items: u64::from(100 - site),
        leaves: 8,
        splits: 7,
        reductions: 7,
        ..tally(Some(site), Some(0))
    };
    trace.lanes[0].tallies = (0..14).map(counted).collect();
    let text = iterators(&trace, WIDE);
    same(&text, COUNTED_ITERATORS);
}

/// The table of parallel iterators and its notes.
fn iterators(trace: &Trace, style: Style) -> String {
    let text = section(trace, style);
    let from = text.find("  parallel iterator").expect("a table");
    let to = text.find("  stolen by").or_else(|| text.find("  clock  ")).expect("circumstances");
    text[from..to].trim_end().to_owned() + "\n"
}

#[test]
fn texts_without_room_are_a_loss() {
    let mut trace = crossed();
    trace.lanes[1].losses.texts = 2;
    let text = section(&trace, WIDE);
    let warning =
        "  warning   the trace is not whole: 2 texts (call sites, labels, chains) without room";
    assert_eq!(text.lines().nth(1), Some(warning));
}

#[test]
fn colour_only_adds_escapes() {
    let coloured = section(&measured(), Style { colour: true, ..WIDE });
    assert!(coloured.starts_with("\x1b[1minvert-tree · join\x1b[0m   depth 23"));
    assert!(coloured.contains("\x1b[36m██████████████▍░░░░\x1b[0m"), "{coloured}");
    let mut plain = String::new();
    for (index, part) in coloured.split('\x1b').enumerate() {
        plain.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, section(&measured(), WIDE));
}

#[test]
fn variants_side_by_side() {
    let mut serial = of_run(run("serial", &[19_500, 19_600, 20_000]), trace(19_700_000, vec![]));
    serial.pools.clear();
    let cutoff = of_run(run("join-cutoff", &[14_000, 15_000, 16_000]), crossed());
    let traces = [serial, measured(), cutoff];
    same(&comparison(&traces, Style { width: 120, ..WIDE }), COMPARISON);
    same(&comparison(&traces, NARROW), COMPARISON_NARROW);
}

#[test]
fn a_warning_of_one_variant_names_it() {
    let mut lossy = measured();
    lossy.lanes[1].losses.dropped = 7;
    lossy.header.debug_assertions = true;
    let mut other = of_run(run("join-cutoff", &[14_000, 15_000]), crossed());
    other.header.debug_assertions = true;
    let text = comparison(&[lossy, other], WIDE);
    let warnings: Vec<&str> = text.lines().filter(|line| line.contains("warning")).collect();
    assert_eq!(
        warnings,
        [
            "  warning   the program was built with debug assertions, which make most code slow; \
             measure a",
            "  warning   join: the trace is not whole: 7 events dropped (buffer full)",
        ]
    );
}

#[test]
fn no_reports_make_no_table() {
    assert_eq!(comparison(&[], WIDE), "");
}

#[test]
fn the_same_trace_gives_the_same_bytes() {
    assert_eq!(section(&doubtful(), WIDE), section(&doubtful(), WIDE));
}

const POOLS: &str = r"
  pool 1, 1 worker
  worker     busy   waiting   no task   tasks   steals   CPU time   █ busy  ░ waiting
  0        100 ns      0 ns      0 ns       1        0          –   ████████████████████████
  CPU time of worker 0: not measured (no per-thread CPU clock)

  pool 2, 1 worker
  worker    busy   waiting   no task   tasks   steals   CPU time   █ busy  ░ waiting
  0        30 ns      0 ns     70 ns       1        0          –   ███████▎
";
const VARIED: &str = r"
  parallel iterator   chain                             operations   items   leaves
  src/main.rs:7       Range<u64> → map → sum                     1      12        4
  src/main.rs:10      Iter<f32> → zip → map → collect            3   1,000        9
  lines               Lines → par_bridge → for_each              1      40        1
  src/main.rs:9       par_sort                                   1       –        –
  elsewhere           –                                          5      90        9

  parallel iterator          items/leaf   reductions   steals      time   reducing   waited
  src/main.rs:7                       3            3        1   1.00 µs     170 ns        –
  src/main.rs:10      111.1 (100 – 150)            –        2    200 ns          –        –
  lines                              40            0        0    200 ns          –    30 ns
  src/main.rs:9                       –            –        –    200 ns          –        –
  elsewhere                          10            4        0         –          –        –

  parallel iterator   producing
  src/main.rs:7               –
  src/main.rs:10              –
  lines                   50 ns
  src/main.rs:9               –
  elsewhere                   –
  times are of the 3 of 10 operations that were kept
  items/leaf: the mean of all; in brackets the fewest and the most of the 2 of 9 leaves that were
  kept
  reductions: not measured where there is a – (invisible under an indexed adaptor such as `zip` or
  `enumerate`)
  `par_sort`, `chunks`, `step_by` and their like are opaque: what happens in them is invisible to
  public API
  elsewhere: call sites that found no place of their own, counted together
";
const VARIED_NARROW: &str = r"
  parallel iterator              chain
  crate-with-a-l…-of-sums.rs:7   Range<u64> → filte…p → inspect → sum
  src/main.rs:10                 Iter<f32> → zip → map → collect
  lines                          Lines → par_bridge → for_each
  src/main.rs:9                  par_sort
  elsewhere                      –

  parallel iterator              operations   items   leaves
  crate-with-a-l…-of-sums.rs:7            1      12        4
  src/main.rs:10                          3   1,000        9
  lines                                   1      40        1
  src/main.rs:9                           1       –        –
  elsewhere                               5      90        9

  parallel iterator                     items/leaf   reductions   steals
  crate-with-a-l…-of-sums.rs:7                   3            3        1
  src/main.rs:10                 111.1 (100 – 150)            –        2
  lines                                         40            0        0
  src/main.rs:9                                  –            –        –
  elsewhere                                     10            4        0

  parallel iterator                 time   reducing   waited   producing
  crate-with-a-l…-of-sums.rs:7   1.00 µs     170 ns        –           –
  src/main.rs:10                  200 ns          –        –           –
  lines                           200 ns          –    30 ns       50 ns
  src/main.rs:9                   200 ns          –        –           –
  elsewhere                            –          –        –           –
  times are of the 3 of 10 operations that were kept
  items/leaf: the mean of all; in brackets the fewest and the most of
  the 2 of 9 leaves that were kept
  reductions: not measured where there is a – (invisible under an
  indexed adaptor such as `zip` or `enumerate`)
  `par_sort`, `chunks`, `step_by` and their like are opaque: what
  happens in them is invisible to public API
  elsewhere: call sites that found no place of their own, counted
  together
";
const COUNTED_ITERATORS: &str = r"
  parallel iterator   chain        operations   items   leaves   items/leaf   reductions   steals
  src/main.rs:1       Iter → sum            1     100        8         12.5            7        0
  src/main.rs:2       Iter → sum            1      99        8         12.4            7        0
  src/main.rs:3       Iter → sum            1      98        8         12.2            7        0
  src/main.rs:4       Iter → sum            1      97        8         12.1            7        0
  src/main.rs:5       Iter → sum            1      96        8           12            7        0
  src/main.rs:6       Iter → sum            1      95        8         11.9            7        0
  src/main.rs:7       Iter → sum            1      94        8         11.8            7        0
  src/main.rs:8       Iter → sum            1      93        8         11.6            7        0
  src/main.rs:9       Iter → sum            1      92        8         11.5            7        0
  src/main.rs:10      Iter → sum            1      91        8         11.4            7        0
  src/main.rs:11      Iter → sum            1      90        8         11.2            7        0
  src/main.rs:12      Iter → sum            1      89        8         11.1            7        0
  2 rows not shown; the JSON report has all
  times: not measured (no clock is read at detail `count`)
";
const COMPARISON: &str = r"
invert-tree   depth 23

  variant       workers    median           spread   × of serial   joins   tasks     steals   busy cores   own share
  serial              2   19.6 ms   19.5 – 20.0 ms         1.00×       0       0          0            –           –
  join                2   62.1 ms   60.2 – 71.9 ms         0.32×   1,242       3   2 (≤ 33)         0.73      71.9 %
  join-cutoff         2   15.0 ms   14.0 – 16.0 ms         1.31×       8       3          2         0.73      17.6 %
";
const COMPARISON_NARROW: &str = r"
invert-tree   depth 23

  variant       workers    median           spread   × of serial   joins
  serial              2   19.6 ms   19.5 – 20.0 ms         1.00×       0
  join                2   62.1 ms   60.2 – 71.9 ms         0.32×   1,242
  join-cutoff         2   15.0 ms   14.0 – 16.0 ms         1.31×       8

  variant       tasks     steals   busy cores   own share
  serial            0          0            –           –
  join              3   2 (≤ 33)         0.73      71.9 %
  join-cutoff       3          2         0.73      17.6 %
";

const ACCOUNTED: &str = r"
  worker    on CPU   off, runnable   off, voluntary
  0         930 ns           30 ns           240 ns
  1         900 ns           50 ns           250 ns
  all      1.83 µs           80 ns           490 ns
  on and off the CPU: sums of the whole recording; whether there was a job is not measured (the
  kernel's accounts give sums alone)

  stolen by   worker 0 from 1: 1, worker 1 from 0: 1
  clock       TSC at 2.596 GHz; times are within 25 ns of the OS clock
  machine     Imaginary 9000, 2 CPUs, linux x86_64
  uncounted   cycles, instructions, cache-misses, branch-misses, minor-faults, switch records
              (perf_event_paranoid is 3, which allows users nothing)
  recorded    rayprism 0.1.0, detail `auto`
";
