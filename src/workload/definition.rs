//! What a workload is: a table that its file fills in, and the same behind one type for those that
//! run it. Only [`Input::run`] is timed and recorded.

use std::fmt;

use super::{Diagnosis, Integer, Parameter, Settings};
use crate::facade::ThreadPool;

/// A workload as its file gives it; `I` is the input that its variants work on.
pub struct Definition<I: 'static> {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Parameters that count for every variant.
    pub parameters: &'static [Parameter],
    /// Its variants; the first is what the others are compared with.
    pub variants: &'static [Variant<I>],
    /// How advice on a variant's grain is followed, where there is another variant for it.
    pub coarser: &'static [Coarser],
    /// What the input needs; `None` where it is too little to matter.
    pub memory: Option<Memory>,
    /// Numbers that make it short, and leave it what it is.
    pub quick: &'static [(&'static Integer, u64)],
    /// Makes the input that all variants share.
    pub prepare: fn(&Settings) -> I,
    /// Checks what a run made of the input and puts the input back as it was.
    pub restore: fn(&mut I) -> Result<(), WrongResult>,
}

/// One way of doing a workload's work.
pub struct Variant<I> {
    /// Its name.
    pub name: &'static str,
    /// What sets it apart, in one line.
    pub about: &'static str,
    /// Parameters that count for this variant only.
    pub parameters: &'static [Parameter],
    /// The work.
    pub body: Body<I>,
    /// Workers for each thread that is asked for: 1, unless it is about more of them than CPUs.
    pub workers_per_thread: usize,
    /// Whether it runs only if it is asked for by name, since it takes too long to be run each time.
    pub on_request: bool,
    /// What of it only the machine decides.
    pub told: Option<Told>,
    /// What the analysis should find.
    pub diagnoses: &'static [Diagnosis],
}

/// A fact about a variant that only the machine decides, such as which code of a library runs.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// What the fact is about.
    pub name: &'static str,
    /// The fact.
    pub value: fn() -> &'static str,
}

/// A variant's work, by where it runs.
pub enum Body<I> {
    /// On the calling thread alone.
    Alone(fn(&mut I)),
    /// In a pool of rayon's.
    InPool(fn(&mut I)),
    /// On threads that it starts itself, so many of them, without the pool.
    OwnThreads(fn(&mut I, usize)),
}

/// How advice to make larger tasks is followed: by another variant, with a parameter.
#[derive(Clone, Copy, Debug)]
pub struct Coarser {
    /// The variant that the advice is for.
    pub of: &'static str,
    /// The one that follows it.
    pub by: &'static str,
    /// Its parameter that takes the advised number.
    pub parameter: &'static Integer,
}

/// The memory that an input needs.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Bytes needed, the allocator's share included.
    pub bytes: fn(&Settings) -> u64,
    /// The parameter with which they grow.
    pub grows_with: &'static Integer,
}

/// A run did not do what it should have done.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("wrong result: {0}")]
pub struct WrongResult(pub String);

/// A workload, whatever its input.
pub trait Workload: Sync {
    /// Its name.
    fn name(&self) -> &'static str;
    /// What it does, in one line.
    fn about(&self) -> &'static str;
    /// Parameters that count for every variant.
    fn parameters(&self) -> &'static [Parameter];
    /// Its variants; the first is what the others are compared with.
    fn variants(&self) -> Vec<VariantInfo>;
    /// How advice on a variant's grain is followed.
    fn coarser(&self) -> &'static [Coarser];
    /// What the input needs; `None` where it is too little to matter.
    fn memory(&self) -> Option<Memory>;
    /// Numbers that make it short, and leave it what it is.
    fn quick(&self) -> &'static [(&'static Integer, u64)];
    /// Makes the input that all variants share.
    fn prepare(&'static self, settings: &Settings) -> Box<dyn Input>;
}

/// A variant, whatever its input.
#[derive(Clone, Copy, Debug)]
pub struct VariantInfo {
    index: usize,
    /// Its name.
    pub name: &'static str,
    /// What sets it apart, in one line.
    pub about: &'static str,
    /// Parameters that count for this variant only.
    pub parameters: &'static [Parameter],
    /// Where it runs.
    pub place: Place,
    /// Workers for each thread that is asked for.
    pub workers_per_thread: usize,
    /// Whether it runs only if it is asked for by name.
    pub on_request: bool,
    /// What of it only the machine decides.
    pub told: Option<Told>,
    /// What the analysis should find.
    pub diagnoses: &'static [Diagnosis],
}

/// Where a variant runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the calling thread: one run, whatever the numbers of threads asked for.
    Alone,
    /// In a pool of rayon's: one run for each number of workers asked for.
    Pool,
    /// On threads that it starts itself, likewise.
    OwnThreads,
}

/// A workload's input, made and ready.
pub trait Input {
    /// Runs a variant of the same workload once. It runs in `pool`; a variant that starts threads
    /// itself starts as many as `pool` has, and one that runs alone leaves it aside.
    fn run(&mut self, variant: VariantInfo, pool: &ThreadPool);
    /// Checks what the run made of the input and puts the input back as it was.
    fn restore(&mut self) -> Result<(), WrongResult>;
}

struct Prepared<I: 'static> {
    definition: &'static Definition<I>,
    input: I,
}

impl<I: Send> Workload for Definition<I> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.parameters
    }

    fn variants(&self) -> Vec<VariantInfo> {
        self.variants.iter().enumerate().map(|(index, variant)| variant.info(index)).collect()
    }

    fn coarser(&self) -> &'static [Coarser] {
        self.coarser
    }

    fn memory(&self) -> Option<Memory> {
        self.memory
    }

    fn quick(&self) -> &'static [(&'static Integer, u64)] {
        self.quick
    }

    fn prepare(&'static self, settings: &Settings) -> Box<dyn Input> {
        Box::new(Prepared { definition: self, input: (self.prepare)(settings) })
    }
}

impl<I: Send> Input for Prepared<I> {
    fn run(&mut self, variant: VariantInfo, pool: &ThreadPool) {
        let input = &mut self.input;
        match self.definition.variants[variant.index].body {
            Body::Alone(work) => work(input),
            Body::InPool(work) => pool.install(|| work(input)),
            Body::OwnThreads(work) => work(input, pool.current_num_threads()),
        }
    }

    fn restore(&mut self) -> Result<(), WrongResult> {
        (self.definition.restore)(&mut self.input)
    }
}

impl<I> Variant<I> {
    /// A variant without parameters of its own.
    pub const fn new(name: &'static str, about: &'static str, body: Body<I>) -> Self {
        let (parameters, diagnoses): (&[Parameter], &[Diagnosis]) = (&[], &[]);
        Self {
            name,
            about,
            parameters,
            body,
            workers_per_thread: 1,
            on_request: false,
            told: None,
            diagnoses,
        }
    }

    /// Only if it is asked for by name.
    pub const fn on_request(mut self) -> Self {
        self.on_request = true;
        self
    }

    /// With parameters that count for this variant only.
    pub const fn with(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    /// In a pool of so many workers for each thread that is asked for.
    pub const fn oversubscribed(mut self, workers_per_thread: usize) -> Self {
        self.workers_per_thread = workers_per_thread;
        self
    }

    /// With a fact that only the machine decides.
    pub const fn telling(mut self, name: &'static str, value: fn() -> &'static str) -> Self {
        self.told = Some(Told { name, value });
        self
    }

    /// With what the analysis should find.
    pub const fn diagnosed(mut self, diagnoses: &'static [Diagnosis]) -> Self {
        self.diagnoses = diagnoses;
        self
    }

    fn info(&self, index: usize) -> VariantInfo {
        let place = match self.body {
            Body::Alone(_) => Place::Alone,
            Body::InPool(_) => Place::Pool,
            Body::OwnThreads(_) => Place::OwnThreads,
        };
        let &Self { name, about, parameters, workers_per_thread, on_request, told, .. } = self;
        VariantInfo {
            index,
            name,
            about,
            parameters,
            place,
            workers_per_thread,
            on_request,
            told,
            diagnoses: self.diagnoses,
        }
    }
}

impl<I> fmt::Debug for Definition<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<I> fmt::Debug for Variant<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variant").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<I> fmt::Debug for Body<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alone(_) => "Alone",
            Self::InPool(_) => "InPool",
            Self::OwnThreads(_) => "OwnThreads",
        })
    }
}
