//! Exact figures of hand-made traces, and a reason wherever there is none.

mod timeline_fixture;

use rayprism::analysis::{
    CallSite, Kept, KeptLeaves, KeptReductions, Latency, PartCounts, Theft, Times, WindowEnds,
};
use rayprism::model::*;
use rayprism::report::Report;
use timeline_fixture::*;

fn report(trace: &Trace) -> Report {
    Report::of(trace).expect("sound")
}

fn times(busy: u64, waiting: u64, no_task: u64, absent: u64) -> Measured<Times> {
    Measured::Is(Times {
        busy: Nanos(busy),
        waiting: Nanos(waiting),
        no_task: Nanos(no_task),
        absent: Nanos(absent),
        opaque: Nanos::ZERO,
        idle: Measured::Is(Nanos(no_task)),
    })
}

fn not<T>(reason: &str) -> Measured<T> {
    Measured::Not(reason.to_owned())
}

#[test]
fn each_workers_time_is_its_own() {
    let report = report(&crossed());
    assert_eq!((report.window.span, report.window.ends), (span(100, 1100), WindowEnds::Events));
    let workers = &report.activity.pools[0].workers;
    assert_eq!(workers[0].times, times(600, 200, 200, 0));
    assert_eq!(workers[1].times, times(130, 400, 470, 0));
    assert_eq!(report.activity.pools[0].times, times(730, 600, 670, 0));
    assert_eq!(report.activity.times, times(730, 600, 670, 0));
    assert_eq!(report.activity.core_time, Nanos(2000));
    assert_eq!(report.activity.busy_cores, Measured::Is(0.73));
}

#[test]
fn counts_are_the_lanes_own() {
    let report = report(&crossed());
    let counts = Counts { joins: 8, timed_joins: 2, tasks: 3, steals: 2, injected: 1, ..ZERO };
    assert_eq!(report.counts, Measured::Is(counts));
    let first = Counts { joins: 7, timed_joins: 1, tasks: 2, steals: 1, injected: 1, ..ZERO };
    assert_eq!(report.activity.pools[0].workers[0].counts, Measured::Is(first));
}

const ZERO: Counts = Counts {
    joins: 0,
    timed_joins: 0,
    timed_splits: 0,
    timed_leaves: 0,
    spawns: 0,
    tasks: 0,
    steals: 0,
    migrated: 0,
    injected: 0,
};

#[test]
fn the_victim_is_the_lane_that_pushed() {
    let mut trace = crossed();
    trace.lanes[1].counts.steals += 5;
    let steals = report(&trace).steals;
    let theft = |thief, victim| Theft { thief: LaneId(thief), victim: LaneId(victim), count: 1 };
    assert_eq!(steals.matrix, [theft(2, 3), theft(3, 2)]);
    assert_eq!(steals.exact, Measured::Is(7));
    assert_eq!(steals.without_victim(), Some(5));
}

#[test]
fn latencies_are_ranked_by_nearest_rank() {
    let thief = |steals: u64| {
        let start = |n: u64| n * 1000;
        let event = |n| {
            let task = task(1, n, start(n), start(n) + 10);
            Event::Task(stolen(task, id(2, 1), start(n) - n))
        };
        let lanes = vec![worker(1, 0, (1..=steals).map(event).collect()), worker(2, 1, vec![])];
        report(&trace(100_000, lanes)).steals.latency
    };
    let latency = |count, median, p90, max| {
        Measured::Is(Latency { count, median: Nanos(median), p90: Nanos(p90), max: Nanos(max) })
    };
    assert_eq!(thief(1), latency(1, 1, 1, 1));
    assert_eq!(thief(10), latency(10, 5, 9, 10));
    assert_eq!(thief(11), latency(11, 6, 10, 11));
    assert_eq!(thief(0), not("no steal was recorded with its time of push"));
}

#[test]
fn the_profilers_own_share_is_counts_times_costs() {
    let cost = report(&crossed()).own_cost;
    assert_eq!(cost.counted_joins, Measured::Is(6));
    assert_eq!(cost.timed_joins, Measured::Is(2));
    assert_eq!(cost.timed_tasks, Measured::Is(3));
    // 6 · 880 ps + 2 · 41 200 ps + 3 · 88 000 ps = 351 680 ps, of 2 000 ns.
    assert_eq!(cost.total, Measured::Is(Nanos(352)));
    assert_eq!(cost.share, Measured::Is(0.176));
}

#[test]
fn the_own_share_of_parallel_iterators_is_of_splits_and_leaves() {
    let mut trace = summed();
    trace.lanes[2].tallies[0].leaves += 1000;
    let cost = report(&trace).own_cost;
    assert_eq!(cost.timed_splits, Measured::Is(2));
    assert_eq!(cost.timed_leaves, Measured::Is(4));
    assert_eq!(cost.counted_leaves, Measured::Is(1000));
    // 3 · 88 000 ps + 2 · 62 000 ps + 4 · 45 000 ps + 1000 · 1 500 ps.
    assert_eq!(cost.total, Measured::Is(Nanos(2068)));
}

const INDEXED: &str = "invisible under an indexed adaptor such as `zip` or `enumerate`";

#[test]
fn a_call_site_has_exact_counts_and_times_of_what_was_kept() {
    let expected = CallSite {
        name: Some("/home/me/sum/src/main.rs:7".to_owned()),
        labelled: false,
        sites: vec!["/home/me/sum/src/main.rs:7:5".to_owned()],
        chain: Some("Range<u64> → map → sum".to_owned()),
        kind: OperationKind::Iterator,
        counts: Measured::Is(PartCounts {
            operations: 1,
            items: 12,
            leaves: 4,
            items_per_leaf: Measured::Is(3.0),
            splits: 3,
            reductions: Measured::Is(3),
            steals: 1,
        }),
        kept: Measured::Is(Kept {
            operations: 1,
            time: Nanos(1000),
            longest: Nanos(1000),
            // 200 + 360 + 80 + 130.
            leaves: Measured::Is(KeptLeaves {
                count: 4,
                fewest_items: 3,
                median_items: 3,
                most_items: 3,
                time: Nanos(770),
                waited: Nanos::ZERO,
                producing: Nanos::ZERO,
            }),
            // 50 + 80 + 40.
            reductions: Measured::Is(KeptReductions {
                count: 3,
                time: Nanos(170),
                longest: Nanos(80),
                depth_of_longest: 1,
                deepest: 1,
            }),
        }),
    };
    assert_eq!(report(&summed()).call_sites, [expected]);
}

#[test]
fn call_sites_stand_by_the_time_of_their_calls() {
    let sites = report(&varied()).call_sites;
    let shown = |site: &CallSite| {
        let name = site.name.as_deref().map(short_location).map(str::to_owned);
        (name, site.kept.value().map(|kept| kept.time.0))
    };
    let named = |name: &str, time| (Some(name.to_owned()), Some(time));
    // Of the same time: the one with more items, and what is not counted last.
    let expected = [
        named("src/main.rs:7", 1000),
        named("src/main.rs:10", 200),
        named("lines", 200),
        named("src/main.rs:9", 200),
        (None, None),
    ];
    assert_eq!(sites.iter().map(shown).collect::<Vec<_>>(), expected);
}

#[test]
fn what_cannot_be_known_of_a_call_site_has_its_reason() {
    let sites = report(&varied()).call_sites;
    let [_, zip, bridge, sort, others] = sites.as_slice() else { panic!("{sites:#?}") };

    let counts = zip.counts.value().expect("counted");
    assert_eq!((counts.operations, counts.items, counts.leaves, counts.splits), (3, 1000, 9, 6));
    assert_eq!((&counts.reductions, counts.steals), (&not(INDEXED), 2));
    let kept = zip.kept.value().expect("one of three");
    assert_eq!(kept.operations, 1);
    let leaves = kept.leaves.value().expect("two of nine");
    let items = (leaves.fewest_items, leaves.median_items, leaves.most_items);
    assert_eq!((leaves.count, items, leaves.time), (2, (100, 100, 150), Nanos(160)));
    assert_eq!(kept.reductions, not("none of its reductions was kept"));

    assert!(bridge.labelled);
    let leaves = bridge.kept.value().and_then(|kept| kept.leaves.value()).expect("one");
    assert_eq!((leaves.waited, leaves.producing), (Nanos(30), Nanos(50)));
    assert_eq!(bridge.counts.value().map(|counts| &counts.reductions), Some(&Measured::Is(0)));

    assert_eq!(sort.kind, OperationKind::Sort);
    assert_eq!(sort.counts, not("what happens in it is invisible to public API"));
    assert_eq!(sort.kept.value().map(|kept| kept.time), Some(Nanos(200)));

    assert_eq!((&others.name, &others.chain), (&None, &None));
    assert_eq!(others.counts.value().map(|counts| counts.operations), Some(5));
    assert_eq!(others.kept, not("none of its calls was kept"));
}

#[test]
fn call_sites_of_a_label_are_one_and_those_of_a_line_are_told_apart_by_chain() {
    let mut trace = trace(100, vec![outside(1, vec![])]);
    let at = |location: &str| Site { location: location.to_owned() };
    trace.sites = ["a.rs:1:5", "a.rs:1:30", "a.rs:2:5"].map(at).to_vec();
    trace.chains = vec!["Iter → sum".to_owned(), "Iter → max".to_owned()];
    let of = |site, chain, label: Option<&str>, items| Tally {
        label: label.map(str::to_owned),
        items,
        leaves: 1,
        ..tally(Some(site), Some(chain))
    };
    trace.lanes[0].tallies = vec![
        of(0, 0, None, 1),
        of(1, 0, None, 2),
        of(1, 1, None, 4),
        of(0, 0, Some("sums"), 8),
        of(2, 0, Some("sums"), 16),
    ];
    let sites = report(&trace).call_sites;
    let shown: Vec<_> = sites
        .iter()
        .map(|site| {
            let items = site.counts.value().map_or(0, |counts| counts.items);
            (site.name.as_deref(), site.chain.as_deref(), site.sites.join(" "), items)
        })
        .collect();
    let line = |text: &str| text.to_owned();
    assert_eq!(
        shown,
        [
            (Some("sums"), Some("Iter → sum"), line("a.rs:1:5 a.rs:2:5"), 24),
            (Some("a.rs:1"), Some("Iter → max"), line("a.rs:1:30"), 4),
            (Some("a.rs:1"), Some("Iter → sum"), line("a.rs:1:30 a.rs:1:5"), 3),
        ]
    );
}

#[test]
fn an_operation_that_lost_its_record_belongs_to_its_call_sites_tally() {
    let mut trace = summed();
    let Event::Operation(call) = &mut trace.lanes[0].events[0] else { panic!("an operation") };
    call.iteration = None;
    let sites = report(&trace).call_sites;
    assert_eq!(sites.len(), 1);
    assert_eq!(sites[0].chain.as_deref(), Some("Range<u64> → map → sum"));
    assert_eq!(sites[0].kept.value().map(|kept| kept.operations), Some(1));
}

#[test]
fn at_detail_count_parallel_iterators_are_counted_and_not_timed() {
    let mut trace = trace(2000, vec![worker(1, 0, vec![])]);
    trace.header.detail = Detail::Count;
    trace.lanes[0].tallies =
        vec![Tally { operations: 2, splits: 6, leaves: 8, items: 100, ..tally(None, None) }];
    let report = report(&trace);
    let site = &report.call_sites[0];
    assert_eq!(site.kept, not("no clock is read at detail `count`"));
    let counts = site.counts.value().expect("counted");
    assert_eq!((&counts.items_per_leaf, &counts.reductions), (&Measured::Is(12.5), &not(INDEXED)));
    // 8 · 1 500 ps.
    assert_eq!(report.own_cost.total, Measured::Is(Nanos(12)));
}

#[test]
fn while_a_sort_runs_no_task_is_not_known_to_be_idle() {
    let report = report(&varied());
    let of = |busy, waiting, no_task, idle| Times {
        opaque: Nanos(200),
        idle: Measured::Is(Nanos(idle)),
        ..times(busy, waiting, no_task, 0).value().expect("measured").clone()
    };
    let workers = &report.activity.pools[0].workers;
    // The sort ran from 1450 to 1650, when no worker had a task, and may have run on either.
    assert_eq!(workers[0].times, Measured::Is(of(610, 420, 770, 570)));
    assert_eq!(workers[1].times, Measured::Is(of(720, 0, 1080, 880)));
    let all = report.activity.times.value().expect("measured");
    assert_eq!((all.opaque, &all.idle), (Nanos(400), &Measured::Is(Nanos(1450))));
}

#[test]
fn a_workers_sort_hides_nothing_of_another_pool() {
    let kind = OperationKind::Sort;
    let sort = |sequence, times| {
        let call = Operation { kind, ..operation(1, sequence, times) };
        Event::Operation(Operation { task: Some(id(1, 1)), ..call })
    };
    let caller = vec![
        Event::Task(task(1, 1, 0, 100)),
        sort(2, [10, 50, 50]),
        sort(3, [50, 60, 60]),
        sort(4, [90, 95, 95]),
    ];
    let other = Role::Worker { pool: PoolId(2), index: 0 };
    let lanes = vec![
        worker(1, 0, caller),
        worker(2, 1, vec![Event::Task(task(2, 1, 40, 92))]),
        Lane { role: other, ..worker(3, 0, vec![]) },
    ];
    let report = report(&Trace { pools: vec![pool(1, 2), pool(2, 1)], ..trace(100, lanes) });
    let opaque = |pool: usize, worker: usize| {
        let worker = &report.activity.pools[pool].workers[worker];
        worker.times.value().map(|times| times.opaque.0)
    };
    // 10 to 40 before its task, 92 to 95 after it.
    assert_eq!((opaque(0, 0), opaque(0, 1), opaque(1, 0)), (Some(0), Some(33), Some(0)));
}

#[test]
fn detail_count_has_counts_and_no_times() {
    let mut trace = trace(2000, vec![worker(1, 0, vec![])]);
    trace.header.detail = Detail::Count;
    trace.lanes[0].counts = Counts { joins: 1000, tasks: 4, ..ZERO };
    let report = report(&trace);
    assert_eq!(report.window.ends, WindowEnds::Recording);
    assert_eq!(report.counts.value().map(|counts| counts.joins), Some(1000));
    let reason = "no clock is read at detail `count`";
    assert_eq!(report.activity.pools[0].workers[0].times, not(reason));
    assert_eq!(report.activity.busy_cores, not(reason));
    assert_eq!(report.steals.latency, not(reason));
    // No task was timed: 1000 · 880 ps, of 2 µs.
    assert_eq!(report.own_cost.timed_tasks, Measured::Is(0));
    assert_eq!(report.own_cost.share, Measured::Is(0.44));
}

#[test]
fn detail_off_has_nothing_and_says_so() {
    let mut trace = trace(2000, vec![worker(1, 0, vec![])]);
    trace.header.detail = Detail::Off;
    let report = report(&trace);
    let reason = "nothing is recorded at detail `off`";
    assert_eq!(report.counts, not(reason));
    assert_eq!(report.steals.exact, not(reason));
    assert_eq!(report.steals.without_victim(), None);
    assert_eq!(report.activity.times, not(reason));
    assert_eq!(report.own_cost.share, not(reason));
}

#[test]
fn lost_events_leave_no_times_for_their_lane() {
    let lossy = |losses| {
        let mut trace = crossed();
        trace.lanes[1].losses = losses;
        let pool = report(&trace).activity.pools.remove(0);
        assert_eq!(pool.workers[1].times, times(130, 400, 470, 0), "the other lane is whole");
        assert_eq!(pool.times, pool.workers[0].times);
        pool.times
    };
    let none = Losses::default();
    assert_eq!(lossy(Losses { dropped: 1, ..none }), not("events were lost"));
    assert_eq!(lossy(Losses { overwritten: 1, ..none }), not("events were lost"));
    assert_eq!(lossy(Losses { unfinished: 1, ..none }), not("tasks were still open at the end"));
    let mut clamped = crossed();
    clamped.lanes[1].losses.clamped = 9;
    assert_eq!(report(&clamped).activity.times, times(730, 600, 670, 0));
    assert_eq!(report(&clamped).losses.clamped, 9);
}

#[test]
fn no_task_is_not_idle_where_calls_are_invisible() {
    let mut trace = crossed();
    trace.pools[0].every_call_seen = false;
    let measured = report(&trace).activity.times;
    let Measured::Is(times) = measured else { panic!("busy and waiting are measured") };
    assert_eq!((times.busy, times.waiting, times.no_task), (Nanos(730), Nanos(600), Nanos(670)));
    assert_eq!(times.idle, not("stock rayon calls in this pool are invisible to public API"));
}

#[test]
fn each_pool_has_its_own_table() {
    let inner = Role::Worker { pool: PoolId(2), index: 0 };
    let lanes = vec![
        worker(1, 0, vec![Event::Task(task(1, 1, 0, 100))]),
        Lane { role: inner, ..worker(2, 0, vec![Event::Task(task(2, 1, 50, 80))]) },
    ];
    let report = report(&Trace { pools: vec![pool(1, 1), pool(2, 4)], ..trace(100, lanes) });
    let pools: Vec<_> = report.activity.pools.iter().map(|pool| (pool.pool, &pool.times)).collect();
    assert_eq!(pools, [(PoolId(1), &times(100, 0, 0, 0)), (PoolId(2), &times(30, 0, 70, 0))]);
    assert_eq!(report.activity.times, times(130, 0, 70, 0));
    assert_eq!(report.activity.pools[1].workers.len(), 1, "of 4: the others recorded nothing");
}

#[test]
fn a_worker_that_came_late_was_absent_before() {
    let late = Lane { started: Some(Nanos(40)), ..worker(2, 1, vec![]) };
    let lanes = vec![worker(1, 0, vec![Event::Task(task(1, 1, 0, 100))]), late];
    let report = report(&trace(100, lanes));
    assert_eq!(report.activity.pools[0].workers[1].times, times(0, 0, 60, 40));
    assert_eq!(report.activity.core_time, Nanos(160));
}

#[test]
fn a_trace_without_workers_has_no_times() {
    let mut trace = trace(100, vec![]);
    trace.pools.clear();
    let report = report(&trace);
    assert_eq!(report.activity.times, not("no worker was recorded"));
    assert_eq!(report.own_cost.share, not("no worker's time was recorded"));
}

#[test]
fn the_speed_up_is_of_medians() {
    let samples = |times: &[u64]| Samples(times.iter().copied().map(Nanos).collect());
    let mut trace = crossed();
    trace.header.run = Some(Run {
        workload: "invert-tree".to_owned(),
        variant: "join".to_owned(),
        threads: 2,
        parameters: Vec::new(),
        samples: samples(&[500, 400, 900]),
        recorded: 2,
        one_worker: None,
        baseline: Some(Baseline {
            variant: "serial".to_owned(),
            serial: true,
            samples: samples(&[100, 300]),
            parts: Measured::Not("constructed".to_owned()),
            counted: Measured::Not("constructed".to_owned()),
        }),
    });
    let run = report(&trace).run.expect("there is one");
    let wall = run.wall.expect("three samples");
    assert_eq!((wall.median, wall.shortest, wall.longest), (Nanos(500), Nanos(400), Nanos(900)));
    assert_eq!(run.recorded_wall(), Some(Nanos(900)));
    assert_eq!(run.baseline.expect("there is one").speed_up, Some(0.2));
}

/// What lies before and after the user's regions is none of the figures' business.
#[test]
fn regions_open_the_window() {
    let kind = OperationKind::Region;
    let region =
        |sequence, times| Event::Operation(Operation { kind, ..operation(1, sequence, times) });
    let outer = region(2, [300, 700, 700]);
    let call = |sequence, times| Event::Operation(operation(1, sequence, times));
    let calls =
        vec![call(1, [100, 150, 200]), outer, region(3, [400, 500, 500]), call(4, [800, 850, 900])];
    // A region within a task, on a worker, names a part of what is under way.
    let task = task(2, 1, 100, 950);
    let within = Operation { task: Some(task.id), kind, ..operation(2, 2, [850, 940, 940]) };
    let worker = worker(2, 0, vec![Event::Task(task), Event::Operation(within)]);
    let trace = trace(1000, vec![outside(1, calls), worker]);
    let window = Report::of(&trace).expect("sound").window;
    assert_eq!((window.span.start, window.span.end), (Nanos(300), Nanos(700)));
}
