//! A program that uses rayon through the facade, which is the test's own file, told by its
//! environment what to do; and `rayprism record` run on it.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]
#![expect(clippy::exit, reason = "how the program ends is what is tested")]
#![expect(clippy::explicit_write, reason = "the harness would take what a macro prints")]

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::Barrier;

use rayprism::analysis::{CoreTime, Decomposition, Window};
use rayprism::facade as rayon;
use rayprism::format::chrome;
use rayprism::model::{Measured, Nanos, Trace};
use rayprism::timeline::Timeline;

use crate::cli_support::{BINARY, Ran, Sandbox, heed_interrupts};

/// Tells the program what to do.
const PART: &str = "RAYPRISM_TEST_PART";

/// Joins of a tree that is `depth` levels high.
pub(crate) const fn joins(depth: u32) -> u64 {
    (1 << depth) - 1
}

/// The tree that every part of the program counts first.
pub(crate) const DEPTH: u32 = 9;
/// And the one that it counts in another way.
pub(crate) const OTHER: u32 = 7;

fn count(depth: u32) -> u64 {
    if depth == 0 {
        return 0;
    }
    let (left, right) = rayon::join(|| count(depth - 1), || count(depth - 1));
    left + 1 + right
}

fn in_own_pool(depth: u32) -> u64 {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.install(|| count(depth))
}

/// To be called by a test that is the program.
pub(crate) fn program() {
    let Ok(part) = env::var(PART) else { return };
    // The harness takes what is printed; this is written beside it.
    let say = |what: &str| writeln!(std::io::stderr(), "program: {what}").unwrap();
    let tree = || assert_eq!(count(DEPTH), joins(DEPTH));
    match part.as_str() {
        "nothing" => {}
        "return" => tree(),
        "exit" => {
            tree();
            std::process::exit(3);
        }
        "exit-in-job" => {
            tree();
            rayon::scope(|_| std::process::exit(4));
        }
        "panic" => {
            tree();
            // In a thread that nobody catches it from, as `main` is.
            let panicked = std::thread::spawn(|| rayon::join(|| panic!("as told"), || ())).join();
            assert!(panicked.is_err());
            std::process::exit(101);
        }
        "echo" => {
            tree();
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            say(&format!("read {}", line.trim()));
            std::process::exit(0);
        }
        "wait" => {
            tree();
            say(&format!("ready {}", std::process::id()));
            std::io::stdin().read_line(&mut String::new()).unwrap();
        }
        "wait-in-task" => {
            // Three tasks have ended, and the one around them goes on.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
            pool.install(|| {
                rayon::scope(|scope| {
                    (0..3).for_each(|_| scope.spawn(|_| assert_eq!(count(DEPTH), joins(DEPTH))));
                });
                say(&format!("ready {}", std::process::id()));
                std::io::stdin().read_line(&mut String::new()).unwrap();
            });
        }
        "pools" => {
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                assert_eq!(pool.install(|| count(DEPTH)), joins(DEPTH));
            }
        }
        "in-destructor" => at_the_end(),
        "children" => {
            tree();
            for _ in 0..2 {
                assert!(itself("other").status().unwrap().success());
            }
        }
        "other" => assert_eq!(count(OTHER), joins(OTHER)),
        "only-children" => assert!(itself("return").status().unwrap().success()),
        "exec" => {
            use std::os::unix::process::CommandExt;
            tree();
            panic!("{}", itself("other").exec());
        }
        "fork" => fork(),
        "fork-first" => fork_first(),
        "wait-for-each-other" => wait_for_each_other(),
        "own-exit-code" => {
            tree();
            let workers = rayon::current_num_threads();
            std::process::exit(if workers == 1 { 9 } else { 0 });
        }
        _ => panic!("no such part: {part}"),
    }
    std::process::exit(0);
}

/// The program again.
fn itself(part: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["program", "--exact", "--nocapture"]).env(PART, part);
    command
}

struct AtTheEnd;

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        assert_eq!(in_own_pool(DEPTH), joins(DEPTH));
    }
}

/// What a thread holds is dropped when it ends, and uses rayon then.
fn at_the_end() {
    thread_local! {
        static HELD: AtTheEnd = const { AtTheEnd };
    }
    std::thread::spawn(|| HELD.with(|_| ())).join().unwrap();
}

/// Both halves have to run at the same time.
fn wait_for_each_other() {
    let both = Barrier::new(2);
    rayon::join(|| both.wait(), || both.wait());
}

/// Uses rayon before a fork, in it, and after it.
fn fork() {
    assert_eq!(in_own_pool(DEPTH), joins(DEPTH));
    rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap().install(|| ());
    wait_for(in_a_fork(|| assert_eq!(in_own_pool(OTHER), joins(OTHER))));
    assert_eq!(in_own_pool(DEPTH), joins(DEPTH));
}

/// A process that only forks, twice.
fn fork_first() {
    let forks = [DEPTH, OTHER].map(|depth| {
        in_a_fork(move || {
            assert_eq!(in_own_pool(depth), joins(depth));
        })
    });
    forks.into_iter().for_each(wait_for);
}

fn in_a_fork(f: impl FnOnce()) -> i32 {
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the fork's only thread is this one; what it uses of the C library is usable there, as
    // on Linux it is in a fork of any program.
    let child = unsafe { libc::fork() };
    if child == 0 {
        f();
        std::process::exit(0);
    }
    child
}

fn wait_for(child: i32) {
    let mut status = 0;
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `status` is a valid place for the result.
    let ended = unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!((ended, status), (child, 0));
}

/// `rayprism record` with the words of `options`, on the program's `part`.
pub(crate) fn record(sandbox: &Sandbox, options: &str, part: &str) -> Command {
    let mut arguments = vec!["record"];
    arguments.extend(options.split_whitespace());
    let itself = env::current_exe().unwrap();
    arguments.extend(["--", itself.to_str().unwrap(), "program", "--exact", "--nocapture"]);
    let mut command = sandbox.other(BINARY, &arguments);
    command.env(PART, part).env("RAYON_NUM_THREADS", "2").env("RUST_BACKTRACE", "0");
    command
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    Ran::from(command.output().unwrap())
}

/// A trace that was written, proved to be sound.
#[track_caller]
pub(crate) fn trace(sandbox: &Sandbox, name: &str) -> Trace {
    let file = File::open(sandbox.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let trace = chrome::read(file).unwrap();
    let timeline = Timeline::new(&trace).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    assert_adds_up(&timeline);
    trace
}

/// Every core-nanosecond of every pool that can be decomposed is in one component.
fn assert_adds_up(timeline: &Timeline) {
    for pool in timeline.pools() {
        if let Measured::Is(whole) = Decomposition::of(timeline, Window::of(timeline), pool) {
            let all: CoreTime = whole.parts.iter().map(|part| part.time).sum();
            let core_time = u64::from(whole.workers) * whole.window.duration().0;
            assert_eq!(all, CoreTime::from(Nanos(core_time)), "{whole:#?}");
        }
    }
}

/// A program that has said that it is ready, and waits for its input.
pub(crate) struct Waiting {
    rayprism: Child,
    /// The program's number.
    pub(crate) program: i32,
    errors: BufReader<ChildStderr>,
    output: ChildStdout,
}

impl Waiting {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        heed_interrupts(&mut command);
        let mut rayprism = command.spawn().unwrap();
        let mut errors = BufReader::new(rayprism.stderr.take().unwrap());
        let output = rayprism.stdout.take().unwrap();
        let mut line = String::new();
        while !line.starts_with("program: ready ") {
            line.clear();
            assert_ne!(errors.read_line(&mut line).unwrap(), 0, "it ended before it was ready");
        }
        let program = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
        Self { rayprism, program, errors, output }
    }

    pub(crate) fn rayprism(&self) -> i32 {
        i32::try_from(self.rayprism.id()).unwrap()
    }

    /// Sends a signal to one of the two, and waits for the end: the exit code, and what was said.
    pub(crate) fn signal(mut self, signal: i32, to: i32) -> (Option<i32>, String) {
        #[expect(unsafe_code, reason = "a system call")]
        // SAFETY: it takes two numbers; both processes have not been waited for.
        let status = unsafe { libc::kill(to, signal) };
        assert_eq!(status, 0);
        let mut said = String::new();
        self.errors.read_to_string(&mut said).unwrap();
        self.output.read_to_end(&mut Vec::new()).unwrap();
        (self.rayprism.wait().unwrap().code(), said)
    }
}
