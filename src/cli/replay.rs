//! `export --to tracing-chrome`: what that crate writes of a recording's spans, which are told to it
//! again.
//!
//! It takes the time of each from a clock of its own, and the thread from the one that tells: order,
//! nesting, counts, names, fields and threads are the recording's, and times are not. A thread for each
//! lane takes its turn whenever something is on that lane, so that the order is right across lanes.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, Scope};

use tracing::{Dispatch, dispatcher};
use tracing_chrome::ChromeLayerBuilder;
use tracing_subscriber::layer::SubscriberExt;

use crate::format::thread_name;
use crate::model::Trace;
use crate::spans::{Retold, Step, steps};

/// Has tracing-chrome write to `file`.
pub(super) fn write(trace: &Trace, file: File) -> io::Result<()> {
    let failure = Arc::new(Mutex::new(None));
    let output = Output { file, failure: failure.clone() };
    let (layer, guard) = ChromeLayerBuilder::new().writer(output).include_args(true).build();
    let told = tell(trace, &tracing_subscriber::registry().with(layer).into());
    // Ends the file.
    drop(guard);
    // Until somebody looks, the subscriber that is gone is still taken to listen.
    tracing::callsite::rebuild_interest_cache();
    told?;
    let failure = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
    failure.map_or(Ok(()), Err)
}

/// Tells a subscriber of everything, in order.
fn tell(trace: &Trace, subscriber: &Dispatch) -> io::Result<()> {
    let steps = steps(trace);
    thread::scope(|scope| {
        let mut lanes: Vec<Option<Teller<'_>>> = trace.lanes.iter().map(|_| None).collect();
        for turn in steps.chunk_by(|(a, _), (b, _)| a == b) {
            let lane = turn[0].0;
            let teller = match &mut lanes[lane] {
                Some(teller) => teller,
                none => none.insert(Teller::new(scope, trace, lane, subscriber)?),
            };
            teller.take_turn(turn)?;
        }
        Ok(())
    })
}

type Turn<'t> = &'t [(usize, Step<'t>)];

/// A thread that tells of one lane. Ends when this is dropped.
struct Teller<'t> {
    turns: mpsc::Sender<Turn<'t>>,
    taken: mpsc::Receiver<()>,
}

impl<'t> Teller<'t> {
    fn new<'s>(
        scope: &'s Scope<'s, 't>,
        trace: &'t Trace,
        lane: usize,
        subscriber: &'t Dispatch,
    ) -> io::Result<Self> {
        let (turns, next) = mpsc::channel::<Turn<'t>>();
        let (done, taken) = mpsc::channel();
        let run = move || {
            let mut retold = Retold::new(trace, lane);
            dispatcher::with_default(subscriber, || {
                for turn in next {
                    turn.iter().for_each(|(_, step)| retold.tell(*step));
                    // Fails when nobody waits any more: then there are no more turns, either.
                    let _ = done.send(());
                }
            });
        };
        thread::Builder::new().name(thread_name(trace, lane)).spawn_scoped(scope, run)?;
        Ok(Self { turns, taken })
    }

    /// Has it tell, and waits until it has.
    fn take_turn(&self, turn: Turn<'t>) -> io::Result<()> {
        let ended = || io::Error::other("a thread that tells of a lane has ended");
        self.turns.send(turn).map_err(|_| ended())?;
        self.taken.recv().map_err(|_| ended())
    }
}

/// A file of which the first failure is kept: tracing-chrome panics where it cannot write.
struct Output {
    file: File,
    failure: Arc<Mutex<Option<io::Error>>>,
}

impl Output {
    fn keep(&self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write_all(bytes);
        self.keep(written);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.flush();
        self.keep(flushed);
        Ok(())
    }
}
