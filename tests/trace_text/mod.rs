//! Traces as text, a line for each event: terse enough to be checked by hand, and no more than what
//! the decomposition looks at. Times are nanoseconds, ids are LANE.SEQUENCE.
//!
//! ```text
//! recorded length 1000 threads 2   threads only where there are baselines
//! switches                         when threads were off the CPU is known of all of them
//! current-thread                   the first worker built the pool
//! cost join_ps 12000               what is not given costs nothing
//! serial work 500 blocked 30       a baseline; likewise one-worker
//! caller 1
//! install 1.1 0..1000 waits 10     or another kind of operation; in TASK, if one called it
//! worker 2 from 60                 its thread begins later than the recording
//! task 2.1 100..900 injected pushed 20 of 1.1 joins 3 spawns 0
//! join 2.2 200..850 in 2.1 first-end 800 second stolen
//! collapsed 2.9 210..790 tasks 3 busy 200   short tasks, summed up
//! leaf 2.3 210..790 in 2.1 of 2.2 waited 300
//! reduction 2.4 800..900 in 2.1 of 2.2
//! off 300..450                     off the CPU of its own will
//! preempted 200..250
//! within                           workers were seen without a job, too; counts are those of the lines
//! search 0..20 found               looked for work, until found, latch or asleep
//! sleep 20..90 woken 80 by 1       until that lane woke it, else to the recording's end
//! ```

use std::collections::BTreeMap;

use rayprism::model::*;
use serde::de::DeserializeOwned;

use super::timeline_fixture::{self as fixture, span};

/// Reads a trace.
pub(crate) fn parse(text: &str) -> Trace {
    let mut reader = Reader::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        reader.line(Line::of(line));
    }
    reader.trace()
}

/// A line: what it is, what it names, when it was, and pairs of words beyond.
struct Line<'t> {
    text: &'t str,
    kind: &'t str,
    lane: Option<u32>,
    id: Option<EventId>,
    span: Option<Span>,
    /// The origin of a task, the end of a search.
    word: Option<&'t str>,
    fields: BTreeMap<&'t str, &'t str>,
}

impl<'t> Line<'t> {
    fn of(text: &'t str) -> Self {
        let mut words = text.split_whitespace().peekable();
        let kind = words.next().expect("no empty line");
        let mut line = Self {
            text,
            kind,
            lane: None,
            id: None,
            span: None,
            word: None,
            fields: BTreeMap::new(),
        };
        if matches!(kind, "caller" | "worker") {
            line.lane = words.next().map(number);
        }
        line.span = words.peek().and_then(|word| times(word));
        if line.span.is_none() {
            line.id = words.peek().and_then(|word| name(word));
            words.next_if(|_| line.id.is_some());
            line.span = words.peek().and_then(|word| times(word));
        }
        words.next_if(|_| line.span.is_some());
        line.word = words.next_if(|_| matches!(kind, "task" | "search"));
        while let Some(key) = words.next() {
            let value = words.next_if(|_| !matches!(kind, "switches" | "within"));
            line.fields.insert(key, value.unwrap_or_else(|| panic!("{key} of what? {text}")));
        }
        line
    }

    fn id(&self) -> EventId {
        self.id.unwrap_or_else(|| panic!("no LANE.SEQUENCE: {}", self.text))
    }

    fn span(&self) -> Span {
        self.span.unwrap_or_else(|| panic!("no FROM..TO: {}", self.text))
    }

    fn field<T>(&mut self, key: &str, read: impl FnOnce(&'t str) -> T) -> Option<T> {
        self.fields.remove(key).map(read)
    }

    fn nanos(&mut self, key: &str) -> Option<Nanos> {
        self.field(key, |word| Nanos(number(word)))
    }

    /// A count that is not there is none: the line says what was counted.
    fn count(&mut self, key: &str) -> u64 {
        self.field(key, number).map_or(0, |count| count)
    }

    fn named(&mut self, key: &str) -> Option<EventId> {
        self.field(key, |word| name(word).unwrap_or_else(|| panic!("{key} is LANE.SEQUENCE")))
    }

    /// Everything that it says was understood.
    fn end(self) {
        assert!(self.fields.is_empty(), "{:?} in: {}", self.fields.keys(), self.text);
    }
}

fn number<T: std::str::FromStr>(word: &str) -> T {
    word.parse().unwrap_or_else(|_| panic!("{word:?} is no number"))
}

fn times(word: &str) -> Option<Span> {
    let (from, to) = word.split_once("..")?;
    Some(span(number(from), number(to)))
}

fn name(word: &str) -> Option<EventId> {
    let (lane, sequence) = word.split_once('.')?;
    Some(fixture::id(number(lane), number(sequence)))
}

/// A word of the model, as it stands in files.
fn word<T: DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(word.into()).unwrap_or_else(|error| panic!("{error}"))
}

#[derive(Default)]
struct Reader {
    length: u64,
    switches: bool,
    current_thread: bool,
    within: bool,
    costs: BTreeMap<String, u64>,
    threads: u32,
    serial: Option<Parts>,
    one_worker: Option<Parts>,
    lanes: Vec<Lane>,
    workers: u32,
}

impl Reader {
    fn line(&mut self, mut line: Line) {
        match line.kind {
            "switches" => self.switches = true,
            "current-thread" => self.current_thread = true,
            "within" => self.within = true,
            "recorded" => {
                self.length = line.count("length");
                self.threads = line.field("threads", number).map_or(0, |threads| threads);
            }
            "cost" => {
                let costs = std::mem::take(&mut line.fields).into_iter();
                self.costs.extend(costs.map(|(key, picos)| (key.to_owned(), number(picos))));
            }
            "serial" => self.serial = Some(parts(&mut line)),
            "one-worker" => self.one_worker = Some(parts(&mut line)),
            "caller" => self.lanes.push(fixture::outside(line.lane.expect("its lane"), vec![])),
            "worker" => self.worker(&mut line),
            "off" | "preempted" => {
                let preempted = line.kind == "preempted";
                let off = OffCpu { span: line.span(), preempted, from_cpu: None, to_cpu: None };
                self.lanes.last_mut().expect("a lane").watched.off_cpu.push(off);
            }
            "search" | "sleep" => {
                let idle = idle(&mut line);
                self.lanes.last_mut().expect("a lane").idling.stretches.push(idle);
            }
            _ => {
                let event = event(&mut line);
                self.lanes.last_mut().expect("a lane").events.push(event);
            }
        }
        line.end();
    }

    fn worker(&mut self, line: &mut Line) {
        let lane = fixture::worker(line.lane.expect("its lane"), self.workers, vec![]);
        self.lanes.push(Lane { started: line.nanos("from"), ..lane });
        self.workers += 1;
    }

    fn trace(self) -> Trace {
        let lanes = self.lanes.into_iter().map(|lane| finished(lane, self.switches, self.length));
        let lanes = lanes.map(|lane| if self.within { seen_within(lane) } else { lane });
        let mut trace = fixture::trace(self.length, lanes.collect());
        trace.pools[0].uses_current_thread = self.current_thread;
        let mut costs = self.costs;
        // What is not given is free.
        let mut cost = |key: &str| costs.remove(key).map_or(0, |picos| picos);
        trace.header.rayon = Measured::Is(RayonCosts {
            join_ps: cost("join_ps"),
            spawn_ps: cost("spawn_ps"),
            job_ps: cost("job_ps"),
        });
        trace.header.costs = Costs {
            counted_join_ps: cost("counted_join_ps"),
            timed_join_ps: cost("timed_join_ps"),
            task_ps: cost("task_ps"),
            timed_split_ps: cost("timed_split_ps"),
            timed_leaf_ps: cost("timed_leaf_ps"),
            counted_leaf_ps: cost("counted_leaf_ps"),
            reading_ps: 0,
            elided_join_ps: cost("elided_join_ps"),
        };
        assert!(costs.is_empty(), "unknown costs {costs:?}");
        trace.header.run = run(self.length, self.threads, self.serial, self.one_worker);
        trace
    }
}

/// Its counts are those of its events.
fn finished(lane: Lane, switches: bool, length: u64) -> Lane {
    let told = fixture::worker(lane.id.0, 0, lane.events.clone());
    let mut watched = lane.watched;
    if switches {
        watched.scheduling = Measured::Is(sums(&watched.off_cpu, length));
    }
    Lane { counts: told.counts, tallies: told.tallies, watched, ..lane }
}

fn seen_within(lane: Lane) -> Lane {
    let stretches = lane.idling.stretches.clone();
    fixture::idling(lane, stretches)
}

fn idle(line: &mut Line) -> Idle {
    let Span { start, end } = line.span();
    if line.kind == "search" {
        return fixture::search(start.0, end.0, word(line.word.expect("how it ended")));
    }
    let woken = line.field("woken", number).zip(line.field("by", number));
    fixture::sleep(start.0, end.0, woken)
}

fn sums(off_cpu: &[OffCpu], length: u64) -> Scheduling {
    let kind = |preempted| off_cpu.iter().filter(move |off| off.preempted == preempted);
    let time = |preempted| kind(preempted).map(|off| off.span.duration()).sum();
    let (voluntary, preempted): (Nanos, Nanos) = (time(false), time(true));
    Scheduling {
        source: SchedulingSource::SwitchRecords,
        wall: Nanos(length),
        on_cpu: Nanos(length) - voluntary - preempted,
        voluntary,
        preempted,
        voluntary_switches: Some(kind(false).count() as u64),
        preemptions: Some(kind(true).count() as u64),
        migrations: None,
    }
}

fn parts(line: &mut Line) -> Parts {
    Parts {
        work: line.nanos("work").expect("of a baseline"),
        runtime: Nanos(line.count("runtime")),
        reduce: Nanos(line.count("reduce")),
        blocked: line.nanos("blocked"),
        preempted: line.nanos("preempted"),
    }
}

fn run(length: u64, threads: u32, serial: Option<Parts>, one: Option<Parts>) -> Option<Run> {
    let samples = || Samples(vec![Nanos(length)]);
    let baseline = |is_serial| {
        move |parts| Baseline {
            variant: "baseline".to_owned(),
            serial: is_serial,
            samples: samples(),
            parts: Measured::Is(parts),
            counted: Measured::Not("constructed".to_owned()),
        }
    };
    Some(Run {
        workload: "constructed".to_owned(),
        variant: "constructed".to_owned(),
        threads,
        parameters: Vec::new(),
        samples: samples(),
        recorded: 0,
        baseline: Some(serial.map(baseline(true))?),
        one_worker: one.map(baseline(false)),
    })
}

fn event(line: &mut Line) -> Event {
    let (id, Span { start, end }) = (line.id(), line.span());
    let (lane, sequence) = (id.lane().0, id.sequence());
    match line.kind {
        "task" => Event::Task(Task {
            origin: word(line.word.expect("its origin")),
            pushed: line.nanos("pushed"),
            parent: line.named("of"),
            joins: line.count("joins"),
            spawns: line.count("spawns"),
            ..fixture::task(lane, sequence, start.0, end.0)
        }),
        "join" => Event::Join(Join {
            task: line.named("in").expect("its task"),
            operation: line.named("of"),
            first_end: line.nanos("first-end").expect("of a join"),
            first_joins: line.count("first-joins"),
            second_joins: line.count("second-joins"),
            second: line.field("second", word).expect("how its second half was run"),
            elided: line.field("elided", word),
            ..fixture::join(lane, sequence, 1, [start.0, start.0, end.0])
        }),
        "collapsed" => Event::Collapsed(Collapsed {
            joins: line.count("joins"),
            ..fixture::collapsed(start.0, end.0, line.count("tasks"), line.count("busy"))
        }),
        "leaf" => Event::Leaf(Leaf {
            operation: line.named("of").expect("its operation"),
            task: line.named("in"),
            waited: Nanos(line.count("waited")),
            ..fixture::leaf(lane, sequence, None, id, [start.0, end.0])
        }),
        "reduction" => Event::Reduction(Reduction {
            operation: line.named("of").expect("its operation"),
            task: line.named("in"),
            ..fixture::reduction(lane, sequence, None, id, [start.0, end.0])
        }),
        kind => Event::Operation(operation(line, word(kind))),
    }
}

fn operation(line: &mut Line, kind: OperationKind) -> Operation {
    let (id, Span { start, end }) = (line.id(), line.span());
    // A region never waits.
    let wait = line.nanos("waits").map_or(end, |wait| wait);
    let leaves = line.count("leaves");
    let iteration = (kind == OperationKind::Iterator).then(|| Iteration {
        items: 3 * leaves,
        leaves,
        splits: line.count("splits"),
        reductions: line.field("reductions", number),
        steals: 0,
    });
    let times = [start.0, wait.0, end.0];
    let plain = fixture::operation(id.lane().0, id.sequence(), times);
    Operation { kind, task: line.named("in"), iteration: iteration.map(Box::new), ..plain }
}
