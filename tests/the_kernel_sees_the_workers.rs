//! What the kernel says of workers agrees with what they did, and with its own accounts. Where it
//! says nothing on this machine, the reason is there, and the accounts are in its place.
#![cfg(target_os = "linux")]

mod recording;

use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rayprism::Session;
use rayprism::facade as rayon;
use rayprism::model::*;
use recording::cpu::{own_wait, use_cpu};
use recording::*;

const MILLI: u64 = 1_000_000;

fn workers(trace: &Trace) -> Vec<&Lane> {
    let is_worker = |lane: &&Lane| matches!(lane.role, Role::Worker { .. });
    trace.lanes.iter().filter(is_worker).collect()
}

fn scheduling(lane: &Lane) -> Scheduling {
    *lane.watched.scheduling.value().unwrap_or_else(|| panic!("{:?}", lane.watched.scheduling))
}

/// Whether there are switch records here. If not, the trace says why.
fn has_switch_records(trace: &Trace) -> bool {
    match &trace.header.kernel.switch_records {
        Measured::Is(_) => true,
        Measured::Not(reason) => {
            assert!(!reason.is_empty());
            false
        }
    }
}

/// The parts of every lane's time are the whole, and the stretches off the CPU are the sums.
fn assert_adds_up(trace: &Trace) {
    for lane in &trace.lanes {
        let all = scheduling(lane);
        assert_eq!(all.on_cpu + all.voluntary + all.preempted, all.wall);
        assert!(all.wall <= trace.header.duration, "{all:?}");
        if all.source == SchedulingSource::SwitchRecords && lane.losses.off_cpu == 0 {
            let off = |preempted| -> Nanos {
                let stretches = lane.watched.off_cpu.iter();
                stretches.filter(|off| off.preempted == preempted).map(|o| o.span.duration()).sum()
            };
            // The recording's ends cut the first and the last one.
            let cut = trace.header.clock.error.0 + 100_000;
            assert!(off(false).0.abs_diff(all.voluntary.0) <= cut, "{all:?}");
            assert!(off(true).0.abs_diff(all.preempted.0) <= cut, "{all:?}");
        }
    }
}

#[test]
fn on_and_off_the_cpu_is_all_the_time_there_is() {
    let _alone = alone();
    for count in [1, 2, 8] {
        let trace = record(Detail::Auto, count, || tree(12));
        assert_whole(&trace);
        assert_eq!(workers(&trace).len(), count);
        assert_adds_up(&trace);
        for lane in workers(&trace) {
            let wall = scheduling(lane).wall.0;
            assert!(wall > 0 && lane.watched.readings.iter().is_sorted_by_key(|r| r.at));
        }
    }
}

#[test]
fn a_worker_that_the_pool_starts_within_the_recording_is_seen_from_its_start() {
    let _alone = alone();
    let (_, trace) = recorded(Detail::Auto, || pool(2).install(|| tree(8)));
    assert_adds_up(&trace);
    for lane in workers(&trace) {
        let all = scheduling(lane);
        let (started, ended) = (lane.started.expect("within"), lane.ended);
        let there = ended.unwrap_or(trace.header.duration).saturating_since(started);
        // Its lane began a moment before the kernel was asked.
        assert!(all.wall <= there + Nanos(MILLI), "{all:?} in {there}");
    }
}

#[test]
fn sleeps_in_tasks_are_off_the_cpu_and_in_their_place() {
    let _alone = alone();
    let sleep = Duration::from_millis(20);
    let trace = record(Detail::Auto, 2, || {
        stolen_join(|| thread::sleep(sleep), || thread::sleep(sleep));
    });
    assert_adds_up(&trace);
    let nanos = sleep.as_nanos() as u64;
    for lane in workers(&trace) {
        let all = scheduling(lane);
        assert!(all.voluntary.0 >= nanos && all.wall.0 >= nanos, "{all:?}");
        if !has_switch_records(&trace) {
            continue;
        }
        assert!(all.voluntary_switches.expect("counted") >= 1);
        let task = lane.events.iter().find_map(|event| match event {
            Event::Task(task) if task.span.duration().0 >= nanos => Some(task.span),
            _ => None,
        });
        let task = task.expect("the task that slept");
        let slept = lane.watched.off_cpu.iter().filter(|off| !off.preempted);
        let within: Nanos =
            slept.filter(|off| task.contains(off.span)).map(|off| off.span.duration()).sum();
        // A sleep is at least as long as asked for, but for what the thread takes to go.
        assert!(within.0 >= nanos * 9 / 10, "{within} of {sleep:?} in {lane:#?}");
    }
}

/// Four busy threads for each CPU: most of the time each waits for one, and the kernel's accounts
/// say the same as its records.
#[test]
fn waiting_for_a_cpu_agrees_with_the_schedulers_accounts() {
    let _alone = alone();
    let cpus = thread::available_parallelism().expect("known").get();
    let count = (4 * cpus).min(64);
    let waits = Mutex::new(vec![Nanos::ZERO; count]);
    let pool = pool(count);
    let (_, trace) = recorded(Detail::Auto, || {
        pool.broadcast(|context| {
            let before = own_wait();
            use_cpu(Duration::from_millis(40));
            let waited = own_wait().zip(before).map(|(after, before)| after - before);
            waits.lock().expect("not poisoned")[context.index()] = waited.expect("kept by Linux");
        });
    });
    assert_adds_up(&trace);
    let waits = waits.into_inner().expect("not poisoned");
    let told: u64 = waits.iter().map(|wait| wait.0).sum();
    let seen: u64 = workers(&trace).iter().map(|lane| scheduling(lane).preempted.0).sum();
    let all: u64 = workers(&trace).iter().map(|lane| scheduling(lane).wall.0).sum();
    // The records also hold what each waited before its share began and after it had ended.
    assert!(seen + told / 10 >= told, "{seen} ns seen, {told} ns told of {all}");
    assert!(seen > all / 4, "{seen} ns seen of {all}");
    let count = count as u64;
    assert!(seen <= all - count * 35 * MILLI, "{seen} ns seen of {all}");
}

/// A pool's task that touches fresh memory, and another one that it joins with and that is stolen:
/// each has the page faults that are its own.
#[test]
fn a_tasks_counts_are_its_own() {
    let _alone = alone();
    let (few, many) = (300, 900);
    let touch = |pages: usize| {
        touch_fresh_pages(pages);
        // Long enough to be read.
        use_cpu(Duration::from_millis(5));
    };
    let trace = record(Detail::Auto, 2, || stolen_join(|| touch(few), || touch(many)));
    let faults = Counter::MinorFaults;
    let Some(position) = trace.header.kernel.position(faults) else {
        return assert_reasons(&trace);
    };
    let counted = |wanted: Origin| {
        let tasks = tasks(&trace).into_iter().filter(|(_, task)| task.origin == wanted);
        let [(_, task)] = tasks.collect::<Vec<_>>()[..] else { panic!("one task, {trace:#?}") };
        let counters = task.counters.as_ref().unwrap_or_else(|| panic!("{task:#?}"));
        counters.get(position).expect("it is counted") as usize
    };
    let (first, second) = (counted(Origin::Injected), counted(Origin::Stolen));
    assert!((few..few + 200).contains(&first), "{first}");
    assert!((many..many + 200).contains(&second), "{second}");
    // The lanes have counted no less than their tasks.
    let total = |lane: &&Lane| lane.watched.total(position).expect("read at the end") as usize;
    assert!(workers(&trace).iter().map(total).sum::<usize>() >= first + second);
}

/// The same on one worker, which runs the other job while it waits: a nested task's counts are its
/// own, and not those of the task that waits.
#[test]
fn a_nested_tasks_counts_are_not_the_waiting_ones() {
    let _alone = alone();
    let (outer, inner) = (300, 900);
    let trace = record(Detail::Full, 1, || {
        rayon::scope(|scope| {
            scope.spawn(|_| {
                touch_fresh_pages(inner);
                use_cpu(Duration::from_millis(5));
            });
            touch_fresh_pages(outer);
            use_cpu(Duration::from_millis(5));
        });
    });
    let Some(position) = trace.header.kernel.position(Counter::MinorFaults) else {
        return assert_reasons(&trace);
    };
    let of = |wanted: Origin| {
        let found = tasks(&trace).into_iter().find(|(_, task)| task.origin == wanted);
        let (_, task) = found.expect("the task");
        task.counters.as_ref().and_then(|counters| counters.get(position)).expect("read") as usize
    };
    let (waiting, nested) = (of(Origin::Injected), of(Origin::Local));
    assert!((outer..outer + 200).contains(&waiting), "{waiting}");
    assert!((inner..inner + 200).contains(&nested), "{nested}");
}

/// Open counters cost the kernel time at every switch, and those of the CPU are few.
#[test]
fn nothing_stays_open_after_a_recording() {
    let _alone = alone();
    let pool = pool(2);
    let files = || fs::read_dir("/proc/self/fd").expect("there on Linux").count();
    let before = files();
    for _ in 0..2 {
        recorded(Detail::Auto, || pool.broadcast(|_| use_cpu(Duration::from_millis(5))));
        assert_eq!(files(), before);
    }
}

#[test]
fn tasks_too_short_to_be_read_are_not() {
    let _alone = alone();
    let trace = record(Detail::Full, 1, || {
        rayon::scope(|scope| (0..2_000).for_each(|_| scope.spawn(|_| ())));
    });
    let read = tasks(&trace).into_iter().filter(|(_, task)| task.counters.is_some());
    // The first of a kind is looked at, and one that a preemption made long.
    assert!(read.count() < 100);
}

#[test]
fn what_is_not_counted_has_a_reason_and_no_value() {
    let _alone = alone();
    let trace = record(Detail::Auto, 2, || tree(10));
    assert_reasons(&trace);
    assert_eq!(trace.header.kernel.counters.len(), Counter::ALL.len());
    for lane in &trace.lanes {
        for reading in &lane.watched.readings {
            for (info, value) in trace.header.kernel.counters.iter().zip(&reading.values.0) {
                assert!(info.availability.is_measured() || value.is_none(), "{info:?} {value:?}");
            }
        }
    }
}

/// Every counter that is missing says why, in a person's words.
fn assert_reasons(trace: &Trace) {
    for info in &trace.header.kernel.counters {
        if let Availability::Unavailable(reason) = &info.availability {
            assert!(reason.contains(' ') && !reason.ends_with('.'), "{reason}");
        }
    }
}

#[test]
fn a_recording_that_does_not_ask_says_so() {
    let _alone = alone();
    let session = Session::builder().kernel(false).start().expect("the only recording");
    rayon::join(|| (), || ());
    let trace = session.stop();
    assert!(trace.header.kernel.counters.is_empty());
    assert!(matches!(trace.header.kernel.switch_records, Measured::Not(_)));
    assert!(trace.lanes.iter().all(|lane| lane.watched.scheduling.value().is_none()));
}

/// Straight from the kernel: the allocator's memory may have been touched before, and large pages
/// take fewer faults.
fn touch_fresh_pages(pages: usize) {
    let length = pages * 4096;
    #[expect(unsafe_code, reason = "memory straight from the kernel")]
    // SAFETY: a fresh private mapping, used within its length, and unmapped after its last use.
    unsafe {
        let (flags, rights) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, libc::PROT_WRITE);
        let memory = libc::mmap(std::ptr::null_mut(), length, rights, flags, -1, 0);
        assert_ne!(memory, libc::MAP_FAILED);
        libc::madvise(memory, length, libc::MADV_NOHUGEPAGE);
        for page in 0..pages {
            memory.cast::<u8>().add(page * 4096).write_volatile(1);
        }
        libc::munmap(memory, length);
    }
}

/// Its first tasks come before it is watched, the later ones do not.
#[test]
fn tasks_are_counted_as_soon_as_their_thread_is_watched() {
    let _alone = alone();
    let pool = rayon::real::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let (_, trace) = recorded(Detail::Full, || {
        pool.install(|| {
            for _ in 0..20 {
                rayon::scope(|scope| scope.spawn(|_| use_cpu(Duration::from_millis(5))));
            }
        });
    });
    let position = trace.header.kernel.position(Counter::MinorFaults);
    let value = |task: &Task| task.counters.as_ref()?.get(position?);
    let counted = |(_, task): &(&Lane, &Task)| value(task).is_some();
    let spawned = tasks(&trace).into_iter().filter(|(_, task)| task.origin == Origin::Local);
    let spawned: Vec<_> = spawned.collect();
    assert_eq!(spawned.len(), 20);
    if position.is_some() {
        assert!(spawned[10..].iter().all(counted), "{spawned:#?}");
    }
}

/// A thread that no hook announced is found, and one that is gone by then has a reason.
#[test]
fn threads_that_call_from_outside_are_seen_too() {
    let _alone = alone();
    let (_, trace) = recorded(Detail::Auto, || {
        pool(2).install(|| tree(4));
        let until = Instant::now() + Duration::from_millis(1);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    });
    let outside = trace.lanes.iter().find(|lane| lane.role == Role::Outside).expect("this thread");
    let all = scheduling(outside);
    assert!(all.on_cpu.0 > 0 && all.on_cpu + all.voluntary + all.preempted == all.wall);
}

/// Pools that come and go in one recording leave the program its files.
#[test]
fn what_was_open_for_ended_threads_is_closed() {
    let _alone = alone();
    let files = || fs::read_dir("/proc/self/fd").expect("Linux has it").count();
    let session = Session::builder().start().expect("the only recording");
    let before = files();
    for _ in 0..20 {
        pool(4).install(|| tree(4));
    }
    let start = Instant::now();
    while files() > before + 8 {
        assert!(start.elapsed() < Duration::from_secs(30), "{} and {before} files", files());
        thread::yield_now();
    }
    let trace = session.stop();
    // And each of the eighty workers was seen to its end.
    assert_eq!(workers(&trace).len(), 80);
    for lane in workers(&trace) {
        let all = scheduling(lane);
        assert!(all.on_cpu.0 > 0 && all.on_cpu + all.voluntary + all.preempted == all.wall);
    }
}
