//! A work-stealing pool in virtual time: runs a series-parallel program on any number of workers,
//! with steals at random from a seed, and hands out the trace that the recorder would have written
//! of it, beside what is true of it by construction.
#![allow(dead_code, reason = "each test file uses its part")]

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use proptest::prelude::*;
use rayprism::model::*;

use super::timeline_fixture::*;

/// A program of joins.
#[derive(Clone, Debug)]
pub(crate) enum Dag {
    /// So many nanoseconds of work, at least one.
    Leaf(u64),
    /// One after the other.
    Series(Vec<Dag>),
    /// A join of two halves.
    Join(Box<Dag>, Box<Dag>),
}

impl Dag {
    /// All of it, one after the other.
    pub(crate) fn work(&self) -> u64 {
        match self {
            Self::Leaf(length) => *length,
            Self::Series(parts) => parts.iter().map(Self::work).sum(),
            Self::Join(first, second) => first.work() + second.work(),
        }
    }

    /// Its critical path.
    pub(crate) fn span(&self) -> u64 {
        self.burdened(0)
    }

    /// Its critical path with a burden for each join that pays to be spread over two workers.
    pub(crate) fn burdened(&self, burden: u64) -> u64 {
        match self {
            Self::Leaf(length) => *length,
            Self::Series(parts) => parts.iter().map(|part| part.burdened(burden)).sum(),
            Self::Join(first, second) => {
                let longer = first.burdened(burden).max(second.burdened(burden));
                (longer + burden).min(self.work())
            }
        }
    }

    /// How many joins it calls.
    pub(crate) fn joins(&self) -> u64 {
        match self {
            Self::Leaf(_) => 0,
            Self::Series(parts) => parts.iter().map(Self::joins).sum(),
            Self::Join(first, second) => 1 + first.joins() + second.joins(),
        }
    }
}

/// Programs of up to a hundred joins or so.
pub(crate) fn dags() -> impl Strategy<Value = Dag> {
    let leaf = (1_u64..400).prop_map(Dag::Leaf);
    leaf.prop_recursive(8, 200, 3, |part| {
        prop_oneof![
            3 => (part.clone(), part.clone())
                .prop_map(|(first, second)| Dag::Join(Box::new(first), Box::new(second))),
            1 => prop::collection::vec(part, 1..4).prop_map(Dag::Series),
        ]
    })
}

/// How the pool is and behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) workers: u32,
    /// What is left to chance comes from it.
    pub(crate) seed: u64,
    /// A steal takes 1 to so many nanoseconds; so does noticing that there is something to do.
    pub(crate) latency: u64,
    /// Thieves take any job of a deque, not the oldest: then a worker may find a second half still
    /// there while it waits for one that was pushed later.
    pub(crate) any_job: bool,
}

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    (1_u32..=8, any::<u64>(), 1_u64..60, any::<bool>())
        .prop_map(|(workers, seed, latency, any_job)| Settings { workers, seed, latency, any_job })
}

/// A run of the pool.
#[derive(Debug)]
pub(crate) struct Simulated {
    /// As the recorder would have written it: a caller on lane 1, workers from lane 2 on.
    pub(crate) trace: Trace,
    /// From the caller's call to its return.
    pub(crate) time: u64,
    /// Halves that another worker ran than the one that pushed them.
    pub(crate) steals: u64,
    /// Halves that ran as jobs of the worker that had pushed them.
    pub(crate) same_worker: u64,
    /// What the workers did: work, by worker.
    pub(crate) worked: Vec<u64>,
}

/// Runs a program that a thread installs which is no worker.
pub(crate) fn simulate(dag: &Dag, settings: Settings) -> Simulated {
    let mut pool = Simulation::new(dag, settings);
    pool.run();
    pool.finish()
}

const CALLER: u32 = 1;
const FIRST_LANE: u32 = 2;

/// A part that was pushed: a join's second half, or the whole program.
struct Job<'d> {
    dag: &'d Dag,
    parent: EventId,
    /// Whether the worker that pushed it took it while it waited for something else.
    came_back: bool,
    pushed: u64,
    depth: u32,
    state: JobState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum JobState {
    Queued,
    Running,
    Done,
}

/// What a worker goes on with when what it is at has returned.
enum Frame<'d> {
    /// The rest of a series.
    Rest(&'d [Dag], u32),
    First(OpenJoin<'d>),
    Second(OpenJoin<'d>),
    /// A join whose second half is not here.
    Wait(OpenJoin<'d>),
    Task {
        task: Task,
        job: usize,
    },
}

struct OpenJoin<'d> {
    join: Join,
    job: usize,
    second: &'d Dag,
    /// Joins that the task had called before, with this one.
    called: u64,
}

/// What a worker does next, at the time that stands in the agenda.
enum Doing<'d> {
    /// Enters a part.
    Enter(&'d Dag, u32),
    /// What it was at has returned.
    Return,
    /// Begins with a job that it took.
    Begin(usize),
    /// Looks for something to do.
    Search,
    /// Nothing until it is woken.
    Idle,
    /// What is being simulated.
    Now,
}

struct Worker<'d> {
    doing: Doing<'d>,
    stack: Vec<Frame<'d>>,
    deque: VecDeque<usize>,
    events: Vec<Event>,
    sequence: u64,
    /// Joins that the current task has called.
    joins: u64,
    worked: u64,
}

struct Simulation<'d> {
    settings: Settings,
    random: u64,
    jobs: Vec<Job<'d>>,
    injected: Option<usize>,
    workers: Vec<Worker<'d>>,
    /// Who does something when; a worker has one entry at most.
    agenda: BinaryHeap<Reverse<(u64, u64, usize)>>,
    now: u64,
    /// When the caller returned.
    end: Option<u64>,
    steals: u64,
    same_worker: u64,
}

impl<'d> Simulation<'d> {
    fn new(dag: &'d Dag, settings: Settings) -> Self {
        let whole = Job {
            dag,
            parent: id(CALLER, 1),
            came_back: false,
            pushed: 0,
            depth: 0,
            state: JobState::Queued,
        };
        let worker = |_| Worker {
            doing: Doing::Search,
            stack: Vec::new(),
            deque: VecDeque::new(),
            events: Vec::new(),
            sequence: 0,
            joins: 0,
            worked: 0,
        };
        Self {
            settings,
            random: settings.seed,
            jobs: vec![whole],
            injected: Some(0),
            workers: (0..settings.workers).map(worker).collect(),
            agenda: BinaryHeap::new(),
            now: 0,
            end: None,
            steals: 0,
            same_worker: 0,
        }
    }

    /// A number below `bound` (splitmix64).
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn delay(&mut self) -> u64 {
        1 + self.below(self.settings.latency)
    }

    fn run(&mut self) {
        for worker in 0..self.workers.len() {
            let delay = self.delay();
            self.after(delay, worker, Doing::Search);
        }
        while let Some(Reverse((at, _, worker))) = self.agenda.pop() {
            self.now = at;
            self.step(worker);
        }
    }

    /// At equal times chance says who is first.
    fn after(&mut self, delay: u64, worker: usize, doing: Doing<'d>) {
        let chance = self.below(u64::MAX);
        self.workers[worker].doing = doing;
        self.agenda.push(Reverse((self.now + delay, chance, worker)));
    }

    fn wake_the_idle(&mut self) {
        for worker in 0..self.workers.len() {
            if matches!(self.workers[worker].doing, Doing::Idle) {
                let delay = self.delay();
                self.after(delay, worker, Doing::Search);
            }
        }
    }

    fn step(&mut self, worker: usize) {
        match std::mem::replace(&mut self.workers[worker].doing, Doing::Now) {
            Doing::Enter(dag, depth) => self.enter(worker, dag, depth),
            Doing::Return => self.returned(worker),
            Doing::Begin(job) => self.begin(worker, job),
            Doing::Search => self.search(worker),
            Doing::Idle | Doing::Now => unreachable!("not in the agenda"),
        }
    }

    fn next_id(&mut self, worker: usize) -> EventId {
        self.workers[worker].sequence += 1;
        id(FIRST_LANE + worker as u32, self.workers[worker].sequence)
    }

    fn enter(&mut self, worker: usize, dag: &'d Dag, depth: u32) {
        match dag {
            Dag::Leaf(length) => {
                self.workers[worker].worked += length;
                self.after(*length, worker, Doing::Return);
            }
            Dag::Series(parts) => {
                self.workers[worker].stack.push(Frame::Rest(parts, depth));
                self.returned(worker);
            }
            Dag::Join(first, second) => self.open_join(worker, first, second, depth),
        }
    }

    fn open_join(&mut self, worker: usize, first: &'d Dag, second: &'d Dag, depth: u32) {
        let (lane, now) = (FIRST_LANE + worker as u32, self.now);
        let own = self.next_id(worker);
        let task = self.workers[worker].stack.iter().rev().find_map(|frame| match frame {
            Frame::Task { task, .. } => Some(task.id.sequence()),
            _ => None,
        });
        let task = task.expect("joins are called in tasks");
        let join = Join { depth, ..join(lane, own.sequence(), task, [now, now, now]) };
        let job = self.jobs.len();
        self.jobs.push(Job {
            dag: second,
            parent: own,
            came_back: false,
            pushed: now,
            depth: depth + 1,
            state: JobState::Queued,
        });
        let own = &mut self.workers[worker];
        own.joins += 1;
        let open = OpenJoin { join, job, second, called: own.joins };
        own.deque.push_back(job);
        own.stack.push(Frame::First(open));
        self.wake_the_idle();
        self.enter(worker, first, depth + 1);
    }

    fn returned(&mut self, worker: usize) {
        let Some(frame) = self.workers[worker].stack.pop() else {
            return self.search(worker);
        };
        match frame {
            Frame::Rest([next, rest @ ..], depth) => {
                self.workers[worker].stack.push(Frame::Rest(rest, depth));
                self.enter(worker, next, depth);
            }
            Frame::Rest([], _) => self.returned(worker),
            Frame::First(open) => self.first_ended(worker, open),
            Frame::Second(mut open) => {
                open.join.second_joins =
                    self.workers[worker].joins - open.called - open.join.first_joins;
                self.close_join(worker, open, SecondHalf::Inline);
            }
            Frame::Wait(open) => {
                self.workers[worker].stack.push(Frame::Wait(open));
                self.search(worker);
            }
            Frame::Task { task, job } => self.end_task(worker, task, job),
        }
    }

    fn first_ended(&mut self, worker: usize, mut open: OpenJoin<'d>) {
        let own = &mut self.workers[worker];
        open.join.first_end = Nanos(self.now);
        open.join.first_joins = own.joins - open.called;
        if own.deque.back() == Some(&open.job) {
            own.deque.pop_back();
            self.jobs[open.job].state = JobState::Done;
            let (second, depth) = (open.second, open.join.depth + 1);
            own.stack.push(Frame::Second(open));
            return self.enter(worker, second, depth);
        }
        own.stack.push(Frame::Wait(open));
        self.search(worker);
    }

    fn close_join(&mut self, worker: usize, open: OpenJoin<'d>, second: SecondHalf) {
        let span = Span { end: Nanos(self.now), ..open.join.span };
        let join = Join { span, second, ..open.join };
        self.workers[worker].events.push(Event::Join(join));
        self.returned(worker);
    }

    /// Goes on with the join that it waits for, if that can; else takes a job, its own last one
    /// first, then anyone's.
    fn search(&mut self, worker: usize) {
        match self.workers[worker].stack.pop() {
            Some(Frame::Wait(open)) if self.jobs[open.job].state == JobState::Done => {
                let same = self.jobs[open.job].came_back;
                let how = if same { SecondHalf::SameWorker } else { SecondHalf::Stolen };
                return self.close_join(worker, open, how);
            }
            Some(frame) => self.workers[worker].stack.push(frame),
            None => {}
        }
        if let Some(job) = self.workers[worker].deque.pop_back() {
            self.jobs[job].came_back = true;
            self.same_worker += 1;
            return self.take(worker, job, 0);
        }
        if let Some(job) = self.injected.take() {
            let delay = self.delay();
            return self.take(worker, job, delay);
        }
        let victims: Vec<usize> = (0..self.workers.len())
            .filter(|&other| !self.workers[other].deque.is_empty())
            .collect();
        if victims.is_empty() {
            self.workers[worker].doing = Doing::Idle;
            return;
        }
        let victim = victims[self.below(victims.len() as u64) as usize];
        let at = if self.settings.any_job {
            self.below(self.workers[victim].deque.len() as u64) as usize
        } else {
            0
        };
        let job = self.workers[victim].deque.remove(at).expect("it is there");
        self.steals += 1;
        let delay = self.delay();
        self.take(worker, job, delay);
    }

    fn take(&mut self, worker: usize, job: usize, delay: u64) {
        self.jobs[job].state = JobState::Running;
        self.after(delay, worker, Doing::Begin(job));
    }

    fn begin(&mut self, worker: usize, job: usize) {
        let own = self.next_id(worker);
        let Job { dag, parent, pushed, depth, .. } = self.jobs[job];
        let origin = match parent.lane().0 {
            CALLER => Origin::Injected,
            lane if lane == FIRST_LANE + worker as u32 => Origin::Local,
            _ => Origin::Stolen,
        };
        let task = Task {
            origin,
            parent: Some(parent),
            pushed: Some(Nanos(pushed)),
            depth: Some(depth),
            // Of the task that it interrupts, until it ends.
            joins: std::mem::take(&mut self.workers[worker].joins),
            ..task(FIRST_LANE + worker as u32, own.sequence(), self.now, self.now)
        };
        self.workers[worker].stack.push(Frame::Task { task, job });
        self.enter(worker, dag, depth);
    }

    fn end_task(&mut self, worker: usize, task: Task, job: usize) {
        let own = &mut self.workers[worker];
        let joins = std::mem::replace(&mut own.joins, task.joins);
        let span = Span { end: Nanos(self.now), ..task.span };
        own.events.push(Event::Task(Task { span, joins, ..task }));
        self.jobs[job].state = JobState::Done;
        if job == 0 {
            self.end = Some(self.now + self.settings.latency);
        }
        self.wake_the_idle();
        self.search(worker);
    }

    fn finish(self) -> Simulated {
        let time = self.end.expect("the program has ended");
        let call = Event::Operation(operation(CALLER, 1, [0, 0, time]));
        let mut lanes = vec![outside(CALLER, vec![call])];
        let worked = self.workers.iter().map(|worker| worker.worked).collect();
        for (own, index) in self.workers.into_iter().zip(0_u32..) {
            assert!(own.stack.is_empty() && own.deque.is_empty());
            lanes.push(worker(FIRST_LANE + index, index, own.events));
        }
        let mut trace = trace(time, lanes);
        trace.sort_events();
        let (steals, same_worker) = (self.steals, self.same_worker);
        Simulated { trace, time, steals, same_worker, worked }
    }
}
