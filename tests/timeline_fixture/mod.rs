//! Hand-made traces for the tests of timeline and report: terse constructors, no behaviour.
#![allow(dead_code, reason = "each test file uses its part")]

use rayprism::model::*;

/// An id of a lane.
pub(crate) fn id(lane: u32, sequence: u64) -> EventId {
    EventId::new(LaneId(lane), sequence).expect("small enough")
}

pub(crate) fn span(start: u64, end: u64) -> Span {
    Span { start: Nanos(start), end: Nanos(end) }
}

/// A task on `lane`, injected unless changed.
pub(crate) fn task(lane: u32, sequence: u64, start: u64, end: u64) -> Task {
    Task {
        counters: None,
        span: span(start, end),
        id: id(lane, sequence),
        origin: Origin::Injected,
        parent: None,
        pushed: None,
        depth: Some(0),
        joins: 0,
        spawns: 0,
        outcome: Outcome::Returned,
        site: None,
    }
}

/// A task stolen from what `parent` names.
pub(crate) fn stolen(task: Task, parent: EventId, pushed: u64) -> Task {
    Task { origin: Origin::Stolen, parent: Some(parent), pushed: Some(Nanos(pushed)), ..task }
}

/// A join on `lane` in its task `of`, run in place unless changed.
pub(crate) fn join(lane: u32, sequence: u64, of: u64, times: [u64; 3]) -> Join {
    let [start, first_end, end] = times;
    Join {
        span: span(start, end),
        id: id(lane, sequence),
        task: id(lane, of),
        operation: None,
        first_end: Nanos(first_end),
        depth: 0,
        first_joins: 0,
        second_joins: 0,
        second: SecondHalf::Inline,
        elided: None,
        outcome: Outcome::Returned,
        site: None,
    }
}

/// An operation on `lane`, of no task unless changed.
pub(crate) fn operation(lane: u32, sequence: u64, times: [u64; 3]) -> Operation {
    let [start, wait, end] = times;
    Operation {
        span: span(start, end),
        id: id(lane, sequence),
        task: None,
        kind: OperationKind::Install,
        wait: Nanos(wait),
        outcome: Outcome::Returned,
        site: None,
        label: None,
        chain: None,
        iteration: None,
    }
}

/// A parallel iterator called on `lane`, of no task and with nothing counted unless changed.
pub(crate) fn iterator(lane: u32, sequence: u64, times: [u64; 3]) -> Operation {
    let iteration = Some(Box::new(iteration(0, 0, 0, 0)));
    let kind = OperationKind::Iterator;
    Operation { kind, iteration, ..operation(lane, sequence, times) }
}

/// What a parallel iterator counted.
pub(crate) fn iteration(items: u64, leaves: u64, splits: u64, reductions: u64) -> Iteration {
    Iteration { items, leaves, splits, reductions: Some(reductions), steals: 0 }
}

/// A split on `lane` in its task `task`, of the parallel iterator `of`; run in place unless changed.
pub(crate) fn split(lane: u32, sequence: u64, task: u64, of: EventId, times: [u64; 3]) -> Join {
    Join { operation: Some(of), ..join(lane, sequence, task, times) }
}

/// A leaf of three items on `lane`, in its task `task` if it is a worker's.
pub(crate) fn leaf(
    lane: u32,
    sequence: u64,
    task: Option<u64>,
    of: EventId,
    [start, end]: [u64; 2],
) -> Leaf {
    Leaf {
        span: span(start, end),
        id: id(lane, sequence),
        operation: of,
        task: task.map(|task| id(lane, task)),
        depth: 0,
        items: 3,
        waited: Nanos::ZERO,
        producing: Nanos::ZERO,
        outcome: Outcome::Returned,
    }
}

/// A reduction likewise.
pub(crate) fn reduction(
    lane: u32,
    sequence: u64,
    task: Option<u64>,
    of: EventId,
    [start, end]: [u64; 2],
) -> Reduction {
    Reduction {
        span: span(start, end),
        id: id(lane, sequence),
        operation: of,
        task: task.map(|task| id(lane, task)),
        depth: 0,
        outcome: Outcome::Returned,
    }
}

/// Collapsed tasks.
pub(crate) fn collapsed(start: u64, end: u64, tasks: u64, busy: u64) -> Collapsed {
    Collapsed {
        span: span(start, end),
        tasks,
        busy: Nanos(busy),
        waited: Nanos::ZERO,
        joins: 0,
        spawns: 0,
        queued: Nanos::ZERO,
    }
}

/// A worker's lane in pool 1, its counts and one tally as its events say.
pub(crate) fn worker(lane: u32, index: u32, events: Vec<Event>) -> Lane {
    let role = Role::Worker { pool: PoolId(1), index };
    Lane {
        watched: Default::default(),
        idling: Default::default(),
        told: Default::default(),
        id: LaneId(lane),
        name: None,
        thread: Measured::Is(lane),
        role,
        started: None,
        ended: None,
        cpu: Measured::Not("no per-thread CPU clock".to_owned()),
        counts: counts_of(&events),
        tallies: tally_of(&events).into_iter().collect(),
        losses: Losses::default(),
        broken: None,
        events,
    }
}

/// The lane of a thread that is no worker.
pub(crate) fn outside(lane: u32, events: Vec<Event>) -> Lane {
    Lane { role: Role::Outside, ..worker(lane, 0, events) }
}

/// A search for work, of one failed round for every sleep.
pub(crate) fn search(start: u64, end: u64, how: SearchEnd) -> Idle {
    let rounds = u64::from(how == SearchEnd::Asleep);
    Idle::Search(Search { span: span(start, end), rounds, yields: 0, end: how })
}

/// A sleep that a lane ended at some time for jobs; none did if it is open.
pub(crate) fn sleep(start: u64, end: u64, woken: Option<(u64, u32)>) -> Idle {
    let reason = WakeReason::Jobs;
    let wake = woken.map(|(at, by)| Wake { at: Nanos(at), by: LaneId(by), reason });
    Idle::Sleep(Sleep { span: span(start, end), wake, open: wake.is_none() })
}

/// The lane, seen from within rayon; its counts as the stretches say.
pub(crate) fn idling(lane: Lane, stretches: Vec<Idle>) -> Lane {
    let mut counts = IdleCounts::default();
    for idle in &stretches {
        match idle {
            Idle::Search(search) => {
                counts.searches += 1;
                counts.failed_rounds += search.rounds;
                counts.yields += search.yields;
            }
            Idle::Sleep(_) => counts.sleeps += 1,
        }
    }
    Lane { idling: Idling { counts: Measured::Is(counts), stretches }, ..lane }
}

fn counts_of(events: &[Event]) -> Counts {
    let mut counts = Counts::default();
    for event in events {
        match event {
            Event::Task(task) => {
                counts.tasks += 1;
                counts.joins += task.joins;
                counts.spawns += task.spawns;
                counts.steals += u64::from(task.origin == Origin::Stolen);
                counts.injected += u64::from(task.origin == Origin::Injected);
                counts.migrated += u64::from(task.origin == Origin::Migrated);
            }
            Event::Join(join) if join.operation.is_some() => counts.timed_splits += 1,
            Event::Join(_) => counts.timed_joins += 1,
            Event::Collapsed(collapsed) => {
                counts.tasks += collapsed.tasks;
                counts.joins += collapsed.joins;
            }
            Event::Leaf(_) => counts.timed_leaves += 1,
            Event::Operation(_) | Event::Reduction(_) => {}
        }
    }
    counts.joins = counts.joins.max(counts.timed_joins);
    counts
}

fn tally_of(events: &[Event]) -> Option<Tally> {
    let mut sum = tally(None, None);
    for event in events {
        match event {
            Event::Operation(called) => {
                sum.operations += u64::from(called.kind == OperationKind::Iterator);
            }
            Event::Join(join) => sum.splits += u64::from(join.operation.is_some()),
            Event::Leaf(leaf) => {
                sum.leaves += 1;
                sum.items += leaf.items;
            }
            Event::Reduction(_) => sum.reductions += 1,
            Event::Task(_) | Event::Collapsed(_) => {}
        }
    }
    (sum != tally(None, None)).then_some(sum)
}

/// An empty tally.
pub(crate) fn tally(site: Option<u32>, chain: Option<u32>) -> Tally {
    Tally {
        site: site.map(SiteId),
        chain: chain.map(ChainId),
        label: None,
        operations: 0,
        splits: 0,
        leaves: 0,
        items: 0,
        reductions: 0,
        steals: 0,
    }
}

pub(crate) fn pool(id: u32, threads: u32) -> Pool {
    Pool { id: PoolId(id), threads, every_call_seen: true, uses_current_thread: false }
}

/// A trace of one pool that is as large as it has lanes.
pub(crate) fn trace(duration: u64, lanes: Vec<Lane>) -> Trace {
    let workers = lanes.iter().filter(|lane| lane.role != Role::Outside).count();
    let pools = vec![pool(1, u32::try_from(workers).expect("few"))];
    Trace { header: header(duration), pools, sites: Vec::new(), chains: Vec::new(), lanes }
}

pub(crate) fn header(duration: u64) -> Header {
    Header {
        kernel: Default::default(),
        title: "constructed".to_owned(),
        rayprism: "0.1.0".to_owned(),
        duration: Nanos(duration),
        detail: Detail::Auto,
        debug_assertions: false,
        clock: ClockInfo {
            source: ClockSource::Tsc,
            ticks_per_second: 2_596_000_000,
            error: Nanos(25),
        },
        costs: Costs {
            counted_join_ps: 880,
            timed_join_ps: 41_200,
            task_ps: 88_000,
            timed_split_ps: 62_000,
            timed_leaf_ps: 45_000,
            counted_leaf_ps: 1_500,
            reading_ps: 0,
            elided_join_ps: 0,
        },
        rayon: Measured::Is(RayonCosts { join_ps: 12_000, spawn_ps: 40_000, job_ps: 60_000 }),
        machine: Machine {
            cpu: Measured::Is("Imaginary 9000".to_owned()),
            cpus: Measured::Is(2),
            os: "linux x86_64".to_owned(),
        },
        run: None,
    }
}

/// A caller and two workers sum over twelve items, in leaves of three:
///
/// ```text
/// 1 main    [iterator 100 ─────────────────────────────────── 1100]  waits from 120 on
///                                                [reduction 1040 ─ 1090]
/// 2 worker    [task 150 ────────────────────────────── 1000]         left half, injected
///               [split 160 ── first half to 400 ─────── 900]         stolen half
///                 [leaf 200 ─ 400]            [reduction 800 ─ 880]
/// 3 worker             [task 300 ────────── 700]                     stolen from lane 2
///                        [leaf 320 ─── 680]
///                                   [task 710 ── 1030]               right half, injected
///                                     [split 720 ── 820 ── 1020]     in place
///                                       [leaf 730 ─ 810]
///                                           [leaf 830 ─ 960]
///                                            [reduction 970 ─ 1010]
/// ```
pub(crate) fn summed() -> Trace {
    let sum = id(1, 1);
    let called = Operation {
        chain: Some(ChainId(0)),
        iteration: Some(Box::new(Iteration { steals: 1, ..iteration(12, 4, 3, 3) })),
        site: Some(SiteId(0)),
        ..iterator(1, 1, [100, 120, 1100])
    };
    let last = reduction(1, 2, None, sum, [1040, 1090]);
    let main = outside(1, vec![Event::Operation(called), Event::Reduction(last)]);
    let half = |task: Task| Task { parent: Some(sum), pushed: Some(Nanos(110)), ..task };
    let deeper = |leaf| Leaf { depth: 2, ..leaf };
    let stolen_half = Join { second: SecondHalf::Stolen, ..split(2, 2, 1, sum, [160, 400, 900]) };
    let left = worker(
        2,
        0,
        vec![
            Event::Task(half(task(2, 1, 150, 1000))),
            Event::Join(Join { depth: 1, ..stolen_half }),
            Event::Leaf(deeper(leaf(2, 3, Some(1), sum, [200, 400]))),
            Event::Reduction(Reduction { depth: 1, ..reduction(2, 4, Some(1), sum, [800, 880]) }),
        ],
    );
    let right = worker(
        3,
        1,
        vec![
            Event::Task(stolen(task(3, 1, 300, 700), id(2, 2), 170)),
            Event::Leaf(deeper(leaf(3, 2, Some(1), sum, [320, 680]))),
            Event::Task(half(task(3, 3, 710, 1030))),
            Event::Join(Join { depth: 1, ..split(3, 4, 3, sum, [720, 820, 1020]) }),
            Event::Leaf(deeper(leaf(3, 5, Some(3), sum, [730, 810]))),
            Event::Leaf(deeper(leaf(3, 6, Some(3), sum, [830, 960]))),
            Event::Reduction(Reduction { depth: 1, ..reduction(3, 7, Some(3), sum, [970, 1010]) }),
        ],
    );
    let mut trace = trace(1200, vec![main, left, right]);
    trace.sites = vec![Site { location: "/home/me/sum/src/main.rs:7:5".to_owned() }];
    trace.chains = vec!["Range<u64> → map → sum".to_owned()];
    // The first split is the main thread's, and of it there is no event.
    trace.lanes[0].tallies[0].splits += 1;
    trace.lanes[2].tallies[0].steals += 1;
    for tally in trace.lanes.iter_mut().flat_map(|lane| &mut lane.tallies) {
        (tally.site, tally.chain) = (Some(SiteId(0)), Some(ChainId(0)));
    }
    trace
}

/// `summed`, and then, still from outside: a bridge of one leaf, a sort, and one of three calls of a
/// `zip`; and more on lane 3 that found no place of its own.
///
/// ```text
/// 1 main    [bridge 1200 ─ 1400]   [sort 1450 ─ 1650]   [zip 1700 ─────────── 1900]
///             [leaf 1210 ─ 1390]
/// 2 worker                                               [task 1710 ─────── 1890]
///                                                          [leaf 1720 ─ 1800]
///                                                                    [leaf 1800 ─ 1880]
/// ```
pub(crate) fn varied() -> Trace {
    let mut trace = summed();
    trace.header.duration = Nanos(2000);
    for line in ["8:5", "9:5", "10:5"] {
        trace.sites.push(Site { location: format!("/home/me/sum/src/main.rs:{line}") });
    }
    let chains = ["Lines → par_bridge → for_each", "Iter<f32> → zip → map → collect"];
    trace.chains.extend(chains.map(str::to_owned));

    let bridge = Operation {
        label: Some("lines".to_owned()),
        site: Some(SiteId(1)),
        chain: Some(ChainId(1)),
        iteration: Some(Box::new(iteration(40, 1, 0, 0))),
        ..iterator(1, 3, [1200, 1400, 1400])
    };
    let (waited, producing) = (Nanos(30), Nanos(50));
    let bridged = leaf(1, 4, None, id(1, 3), [1210, 1390]);
    let kind = OperationKind::Sort;
    let sort = Operation { kind, site: Some(SiteId(2)), ..operation(1, 5, [1450, 1450, 1650]) };
    let zip = Operation {
        site: Some(SiteId(3)),
        chain: Some(ChainId(2)),
        iteration: Some(Box::new(Iteration { reductions: None, ..iteration(340, 3, 2, 0) })),
        ..iterator(1, 6, [1700, 1705, 1900])
    };
    trace.lanes[0].events.extend([
        Event::Operation(bridge),
        Event::Leaf(Leaf { items: 40, waited, producing, ..bridged }),
        Event::Operation(sort),
        Event::Operation(zip),
    ]);
    let of_zip = |items, leaf| Event::Leaf(Leaf { items, ..leaf });
    trace.lanes[1].events.extend([
        Event::Task(Task {
            parent: Some(id(1, 6)),
            pushed: Some(Nanos(1705)),
            ..task(2, 5, 1710, 1890)
        }),
        of_zip(100, leaf(2, 6, Some(5), id(1, 6), [1720, 1800])),
        of_zip(150, leaf(2, 7, Some(5), id(1, 6), [1800, 1880])),
    ]);
    let label = Some("lines".to_owned());
    trace.lanes[0].tallies.extend([
        Tally { label, operations: 1, leaves: 1, items: 40, ..tally(Some(1), Some(1)) },
        Tally { operations: 3, ..tally(Some(3), Some(2)) },
    ]);
    let zipped = Tally { splits: 6, leaves: 9, items: 1000, ..tally(Some(3), Some(2)) };
    trace.lanes[1].tallies.push(Tally { steals: 2, ..zipped });
    let others = Tally { splits: 4, leaves: 9, items: 90, reductions: 4, ..tally(None, None) };
    trace.lanes[2].tallies.push(Tally { operations: 5, ..others });
    for lane in &mut trace.lanes {
        lane.counts = counts_of(&lane.events);
    }
    trace
}

/// Two workers and a caller: lane 2 runs the caller's task and, while it waits in a join for the
/// half that lane 3 stole, another task that it steals from there.
///
/// ```text
/// 1 main    [install 100 ───────────────────────────────────── 1100]  waits from 150 on
/// 2 worker    [task 200 ──────────────────────────────── 1000]
///               [join 300 ── first half to 500 ──── 900]     stolen half
///                                 [task 600 ─ 800]           stolen from lane 3
/// 3 worker           [task 350 ───────────── 880]            stolen from lane 2
///                      [join 400 ── 450 ── 850]              stolen half
/// ```
pub(crate) fn crossed() -> Trace {
    let main = outside(1, vec![Event::Operation(operation(1, 1, [100, 150, 1100]))]);
    let half = Join { second: SecondHalf::Stolen, ..join(2, 2, 1, [300, 500, 900]) };
    let first = worker(
        2,
        0,
        vec![
            Event::Task(Task {
                parent: Some(id(1, 1)),
                pushed: Some(Nanos(150)),
                joins: 7,
                ..task(2, 1, 200, 1000)
            }),
            Event::Join(half),
            Event::Task(stolen(task(2, 3, 600, 800), id(3, 2), 400)),
        ],
    );
    let half = Join { second: SecondHalf::Stolen, ..join(3, 2, 1, [400, 450, 850]) };
    let second = worker(
        3,
        1,
        vec![
            Event::Task(Task { joins: 1, ..stolen(task(3, 1, 350, 880), id(2, 2), 300) }),
            Event::Join(half),
        ],
    );
    trace(1200, vec![main, first, second])
}

/// `crossed`, seen from within rayon: the call woke worker 0, whose join woke worker 1 in turn; worker
/// 0 found a task while it waited, then slept until its half was done; worker 1 looked for work all the
/// while that it waited. In the end both sleep.
pub(crate) fn within() -> Trace {
    let mut trace = crossed();
    let until_latch = Wake { at: Nanos(880), by: LaneId(3), reason: WakeReason::Latch };
    let latched = Sleep { span: span(840, 890), wake: Some(until_latch), open: false };
    let stretches = [
        vec![],
        vec![
            search(0, 50, SearchEnd::Asleep),
            sleep(50, 190, Some((160, 1))),
            search(190, 200, SearchEnd::Found),
            search(500, 600, SearchEnd::Found),
            search(800, 840, SearchEnd::Asleep),
            Idle::Sleep(latched),
            search(890, 900, SearchEnd::Latch),
            search(1000, 1100, SearchEnd::Asleep),
            sleep(1100, 1200, None),
        ],
        vec![
            search(0, 100, SearchEnd::Asleep),
            sleep(100, 340, Some((310, 2))),
            search(340, 350, SearchEnd::Found),
            search(450, 850, SearchEnd::Latch),
            search(880, 1000, SearchEnd::Asleep),
            sleep(1000, 1200, None),
        ],
    ];
    let lanes = std::mem::take(&mut trace.lanes).into_iter().zip(stretches);
    trace.lanes = lanes.map(|(lane, stretches)| idling(lane, stretches)).collect();
    for lane in &mut trace.lanes {
        if let Measured::Is(counts) = &mut lane.idling.counts {
            counts.wakes = 1;
        }
    }
    trace
}

/// `crossed`, watched by the kernel: worker 0 slept into its first task's push and at the end, was
/// preempted in that task, and blocked in its join's first half; worker 1 slept before its task and
/// yielded after it. The CPU had no room for one counter.
pub(crate) fn watched() -> Trace {
    let mut trace = crossed();
    let info = |counter, availability| CounterInfo { counter, availability, user_only: true };
    let full = "the PMU has no room for it beside the others".to_owned();
    trace.header.kernel = Kernel {
        counters: vec![
            info(Counter::Cycles, Availability::Available),
            info(Counter::Instructions, Availability::Available),
            info(Counter::CacheMisses, Availability::Estimated),
            info(Counter::BranchMisses, Availability::Unavailable(full)),
            CounterInfo { user_only: false, ..info(Counter::MinorFaults, Availability::Available) },
        ],
        switch_records: Measured::Is(Nanos(310)),
        from_outside: false,
        throttled: Measured::Not("there is no quota that could be used up".to_owned()),
    };
    let reading = |[cycles, instructions, misses, faults]: [u64; 4]| {
        let values = [Some(cycles), Some(instructions), Some(misses), None, Some(faults)];
        vec![Reading { at: Nanos(1200), values: Values(values.into()) }]
    };
    let off = |start, end, preempted| OffCpu {
        span: span(start, end),
        preempted,
        from_cpu: Some(0),
        to_cpu: Some(1),
    };
    let sums = |on_cpu, voluntary, preempted, [left, forced, moved]: [u64; 3]| {
        Measured::Is(Scheduling {
            source: SchedulingSource::SwitchRecords,
            wall: Nanos(1200),
            on_cpu: Nanos(on_cpu),
            voluntary: Nanos(voluntary),
            preempted: Nanos(preempted),
            voluntary_switches: Some(left),
            preemptions: Some(forced),
            migrations: Some(moved),
        })
    };
    trace.lanes[1].watched = Watched {
        readings: reading([1_200, 2_000, 4, 1_500]),
        scheduling: sums(930, 240, 30, [3, 1, 1]),
        off_cpu: vec![
            off(50, 150, false),
            off(250, 280, true),
            off(300, 340, false),
            off(1050, 1150, false),
        ],
    };
    trace.lanes[2].watched = Watched {
        readings: reading([800, 1_000, 5, 2]),
        scheduling: sums(900, 250, 50, [1, 1, 0]),
        off_cpu: vec![off(90, 340, false), off(900, 950, true)],
    };
    trace
}
