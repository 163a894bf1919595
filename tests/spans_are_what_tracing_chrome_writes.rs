//! What `tracing-chrome` writes of the spans is what the recording holds: the same names, as often,
//! nested in the same way, thread by thread.

mod recording;
mod told_stories;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use rayprism::facade as rayon;
use rayprism::facade::prelude::*;
use rayprism::model::*;
use recording::*;
use told_stories::{held, stories, written};
use tracing_chrome::ChromeLayerBuilder;
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

#[test]
fn thread_by_thread() {
    let _alone = alone();
    let pool = pool(2);
    let page = Page::default();
    let (layer, guard) = ChromeLayerBuilder::new().writer(page.clone()).build();
    let run = || {
        pool.install(|| {
            tree(6);
            stolen_join(|| tree(3), || rayprism::region("second", || tree(3)));
            rayon::scope(|scope| {
                scope.spawn(|_| tree(2));
                scope.spawn(|_| tree(2));
            });
            let sum: u32 = (0..2_000_u32).into_par_iter().with_max_len(100).sum();
            assert_eq!(sum, 1_999_000);
        });
    };
    let ((), trace) =
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            recorded(Detail::Full, run)
        });
    drop(guard);
    assert_whole(&trace);
    let file = page.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    assert!(trace.lanes.iter().flat_map(|lane| &lane.events).all(|event| event.id().is_some()));
    let (written, held) = (stories(written(&file).1), stories(held(&trace)));
    assert_eq!(written, held);
    // One joins and is stolen from, one steals, and one has called them.
    assert_eq!(held.len(), 3);
    let joins = held.iter().flatten().filter(|(_, name)| name == "join").count();
    assert_eq!(joins, 63 + 1 + 7 + 7 + 3 + 3);
}
