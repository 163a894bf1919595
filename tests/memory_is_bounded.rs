//! However much happens, a lane's records stay within its buffer: counts stay exact, what is lost is
//! counted, and what is left is a sound trace.

mod recording;

use rayprism::Session;
use rayprism::analysis::{CoreTime, Decomposition, Window};
use rayprism::facade as rayon;
use rayprism::model::*;
use rayprism::session::{LEAST_BUFFER_BYTES, OnFull};
use rayprism::timeline::Timeline;
use recording::*;

const RECORDS: u64 = LEAST_BUFFER_BYTES as u64 / 64;

fn recorded_in_little(
    detail: Detail,
    on_full: OnFull,
    workers: usize,
    f: impl FnOnce() + Send,
) -> Trace {
    let pool = pool(workers);
    let builder = Session::builder().detail(detail).buffer_bytes(1).on_full(on_full);
    // Every record is one of a join or a task: counters of a task would be further ones.
    let session = builder.kernel(false).start().expect("the only recording");
    pool.install(f);
    drop(pool);
    let trace = session.stop();
    assert_valid(&trace);
    for lane in &trace.lanes {
        // And the sum of short tasks that would have been written next.
        let written = lane.events.iter().filter(|event| !is_open(event)).count() as u64;
        assert!(written <= RECORDS + 1, "{written} events");
        assert_eq!(lane.losses.unfinished, 0);
    }
    trace
}

const DEPTH: u32 = 15;
const JOINS: u64 = (1 << DEPTH) - 1;

fn assert_exact(trace: &Trace) {
    let Counts { joins, timed_joins, injected, .. } = trace.counts();
    assert_eq!((joins, injected), (JOINS, 1));
    assert!(timed_joins <= JOINS);
}

#[test]
fn where_full_collapses() {
    let _alone = alone();
    for workers in [1, 2, 8] {
        let trace = recorded_in_little(Detail::Full, OnFull::Collapse, workers, || tree(DEPTH));
        assert_exact(&trace);
        // Nothing was dropped for lack of room: it was kept out for being short.
        assert_eq!(trace.losses(), Losses::default());
        let busiest = trace.lanes.iter().map(|lane| lane.events.len() as u64).max();
        assert!(busiest >= Some(RECORDS / 2));
        // The outermost join is the longest event there is, and lasts till after the collapse.
        assert!(joins(&trace).iter().any(|(_, join)| join.depth == 0));
    }
}

/// Joins are written as they end, so every event but the tree's trunk comes before it is full.
#[test]
fn where_full_stops() {
    let _alone = alone();
    let trace = recorded_in_little(Detail::Full, OnFull::Stop, 1, || tree(DEPTH));
    assert_exact(&trace);
    // All joins, the tree's task, and the install of the caller were written or dropped.
    let lane = trace.lanes.iter().find(|lane| lane.counts.joins > 0).unwrap();
    let (open, written): (Vec<&Event>, Vec<&Event>) = lane.events.iter().partition(is_open);
    assert_eq!(written.len() as u64, RECORDS);
    assert_eq!(lane.losses, Losses { dropped: JOINS + 1 - RECORDS, ..Losses::default() });
    assert_eq!(trace.counts().timed_joins, JOINS);
    // The task, and the joins from the tree's root to where it was.
    assert!(matches!(open[0], Event::Task(_)), "{open:?}");
    let depths = open[1..].iter().map(|event| match event {
        Event::Join(join) => join.depth,
        other => panic!("{other:?}"),
    });
    assert_eq!(depths.collect::<Vec<_>>(), (0..open.len() as u32 - 1).collect::<Vec<_>>());
    assert!(open.iter().all(|event| Some(event.span().end) == lane.broken), "{open:?}");
    assert_known_until_the_break(&trace, lane);
    for workers in [2, 8] {
        let trace = recorded_in_little(Detail::Full, OnFull::Stop, workers, || tree(DEPTH));
        assert_exact(&trace);
        assert_all_written_or_lost(&trace);
    }
}

#[test]
fn where_full_goes_round() {
    let _alone = alone();
    let trace = recorded_in_little(Detail::Full, OnFull::Ring, 1, || tree(DEPTH));
    assert_exact(&trace);
    let lane = trace.lanes.iter().find(|lane| lane.counts.joins > 0).unwrap();
    assert_eq!(lane.losses, Losses { overwritten: JOINS + 1 - RECORDS, ..Losses::default() });
    // The last events are there: the trunk and the task.
    assert_eq!(lane.events.len() as u64, RECORDS);
    assert!(joins(&trace).iter().any(|(_, join)| join.depth == 0));
    assert_eq!(tasks(&trace).len(), 1);
    for workers in [2, 8] {
        let trace = recorded_in_little(Detail::Full, OnFull::Ring, workers, || tree(DEPTH));
        assert_exact(&trace);
        assert_all_written_or_lost(&trace);
    }
}

fn is_open(event: &&Event) -> bool {
    event.outcome() == Some(Outcome::Open)
}

/// What was recorded until there was no more room is all there was, and is told apart.
fn assert_known_until_the_break(trace: &Trace, lane: &Lane) {
    let timeline = Timeline::new(trace).unwrap_or_else(|problem| panic!("{problem}"));
    let window = Window::of(&timeline);
    let pool = only(timeline.pools().to_vec());
    let whole = match Decomposition::of(&timeline, window, &pool) {
        Measured::Is(whole) => whole,
        Measured::Not(reason) => panic!("{reason}"),
    };
    assert_eq!(Some(whole.window.end), lane.broken);
    assert!(whole.window.end < window.span.end);
    assert!(whole.core_time > Nanos::ZERO);
    let all: CoreTime = whole.parts.iter().map(|part| part.time).sum();
    assert_eq!(all, CoreTime::from(whole.core_time));
}

/// At full detail every join and task is an event, and each lane's are in its buffer or counted.
fn assert_all_written_or_lost(trace: &Trace) {
    for lane in trace.lanes.iter().filter(|lane| lane.role != Role::Outside) {
        let Losses { dropped, overwritten, .. } = lane.losses;
        let written = lane.events.iter().filter(|event| !is_open(event)).count() as u64;
        let all = written + dropped + overwritten;
        assert_eq!(all, lane.counts.timed_joins + lane.counts.tasks);
        assert!(dropped + overwritten == 0 || written == RECORDS);
    }
}

#[test]
fn of_short_jobs_too() {
    let _alone = alone();
    for on_full in [OnFull::Collapse, OnFull::Ring, OnFull::Stop] {
        for detail in [Detail::Auto, Detail::Full] {
            let trace = recorded_in_little(detail, on_full, 2, || {
                rayon::scope(|scope| (0..20_000).for_each(|_| scope.spawn(|_| ())));
            });
            let Counts { spawns, tasks, .. } = trace.counts();
            assert_eq!((spawns, tasks), (20_000, 20_001));
            if on_full == OnFull::Collapse {
                assert_eq!(trace.losses().overwritten, 0);
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn and_what_a_lane_does_not_write_takes_no_memory() {
    let resident_bytes = || {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        4_096 * pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap()
    };
    let _alone = alone();
    let (before, buffer) = (resident_bytes(), 512 << 20);
    let pool = pool(2);
    let session = Session::builder().detail(Detail::Full).buffer_bytes(buffer).start().unwrap();
    pool.install(|| stolen_join(|| (), || ()));
    let taken = resident_bytes().saturating_sub(before);
    assert_eq!(session.stop().counts().joins, 1);
    assert!(taken < 64 << 20, "{taken} bytes");
}

/// More texts than there is room for: events stay, without theirs.
#[test]
fn of_labels_too() {
    let _alone = alone();
    let trace = record(Detail::Full, 1, || {
        for n in 0..20_000 {
            rayprism::region(&format!("region {n}"), || ());
        }
    });
    assert_valid(&trace);
    let lost = trace.losses();
    assert_eq!(lost, Losses { texts: lost.texts, ..Losses::default() });
    let regions = operations(&trace);
    let regions: Vec<_> = regions.iter().filter(|(_, o)| o.kind == OperationKind::Region).collect();
    let labelled = regions.iter().filter(|(_, region)| region.label.is_some()).count();
    assert_eq!(regions.len(), 20_000);
    assert!((8_000..20_000).contains(&labelled), "{labelled}");
    // And the call site of the task around them, which is written last.
    assert_eq!(lost.texts, 20_000 - labelled as u64 + 1, "each text that is missing is counted");
}
