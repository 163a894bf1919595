//! The spans of the facade in subscribers that others made: `tracing_subscriber::fmt`, and the
//! folded stacks of `tracing-flame`. Both see one tree across a steal.

mod recording;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use rayprism::model::*;
use recording::*;
use tracing::{Subscriber, info, info_span};
use tracing_flame::FlameLayer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;

/// A file in memory.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).expect("text")
    }
}

/// A join whose second half is stolen, while `subscriber` listens.
fn stolen(subscriber: impl Subscriber + Send + Sync) -> Trace {
    let pool = pool(2);
    let done = Flag::new();
    let run = || {
        let own = info_span!("the program's own");
        pool.install(|| {
            let second = || {
                own.in_scope(|| info!("in the stolen half"));
                done.raise();
            };
            stolen_join(|| done.wait(), second);
        });
    };
    let ((), trace) = tracing::subscriber::with_default(subscriber, || recorded(Detail::Full, run));
    assert_whole(&trace);
    assert_eq!(trace.counts().steals, 1);
    trace
}

#[test]
fn fmt_writes_each_line_with_the_spans_around_it() {
    let _alone = alone();
    let page = Page::default();
    let writer = page.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    stolen(subscriber);
    let text = page.text();
    let steal = text.lines().find(|line| line.contains("rayprism::steal")).expect("a steal");
    // What is around it, the outermost first: `install{…}:task{…}:join{…}:task{…}: …`.
    let mut rest = steal;
    for part in ["install{", "task{origin=\"injected\"", "join{depth=0", "task{origin=\"stolen\""] {
        let at = rest.find(part).unwrap_or_else(|| panic!("no {part} in {steal}"));
        rest = &rest[at + part.len()..];
    }
    for field in ["migrated=true", "queue_ns=", "steal thief=", "victim=", "counted=false"] {
        assert!(rest.contains(field), "no {field} in {steal}");
    }
}

#[test]
fn flame_folds_the_stolen_half_below_its_join() {
    let _alone = alone();
    let page = Page::default();
    let layer = FlameLayer::new(page.clone())
        .with_module_path(false)
        .with_file_and_line(false)
        .with_threads_collapsed(true);
    stolen(tracing_subscriber::registry().with(layer));
    let text = page.text();
    let folded =
        |stack: &str| text.lines().any(|line| line.starts_with(&format!("all-threads; {stack} ")));
    for stack in ["install", "install; task", "install; task; join", "install; task; join; task"] {
        assert!(folded(stack), "no {stack} in\n{text}");
    }
}
