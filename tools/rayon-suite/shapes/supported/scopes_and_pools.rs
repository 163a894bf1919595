//! Functions that take scopes and pools.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::{Scope, ScopeFifo, ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

fn count_down<'scope>(scope: &Scope<'scope>, from: u32, done: &'scope AtomicU32) {
    if from > 0 {
        scope.spawn(move |scope| {
            done.fetch_add(1, Ordering::Relaxed);
            count_down(scope, from - 1, done);
        });
    }
}

fn first_in_first_out<'scope>(scope: &ScopeFifo<'scope>, done: &'scope AtomicU32) {
    scope.spawn_fifo(|_| {
        done.fetch_add(1, Ordering::Relaxed);
    });
}

#[test]
fn a_scope_is_handed_on() {
    let done = AtomicU32::new(0);
    rayon::scope(|scope| count_down(scope, 10, &done));
    rayon::in_place_scope(|scope| count_down(scope, 10, &done));
    rayon::scope_fifo(|scope| first_in_first_out(scope, &done));
    assert_eq!(done.into_inner(), 21);
}

struct Service {
    pool: ThreadPool,
}

impl Service {
    fn new(threads: usize) -> Result<Self, ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).start_handler(|_| ()).build()?;
        Ok(Self { pool })
    }
}

fn threads_of(pool: &ThreadPool) -> usize {
    pool.install(rayon::current_num_threads)
}

#[test]
fn a_pool_is_a_field() {
    let service = Service::new(3).unwrap();
    assert_eq!(threads_of(&service.pool), 3);
    assert_eq!(service.pool.broadcast(|context| context.index()), [0, 1, 2]);
    assert_eq!(service.pool.join(|| 1, || 2), (1, 2));
}

fn named(threads: usize) -> ThreadPoolBuilder {
    ThreadPoolBuilder::new().num_threads(threads).thread_name(|index| format!("named {index}"))
}

#[test]
fn a_builder_is_returned() {
    let name = || std::thread::current().name().map(str::to_owned);
    assert_eq!(named(1).build().unwrap().install(name).as_deref(), Some("named 0"));
}

#[test]
fn threads_are_the_users() {
    let pool = ThreadPoolBuilder::new()
        .num_threads(2)
        .spawn_handler(|thread| {
            std::thread::Builder::new().spawn(|| thread.run())?;
            Ok(())
        })
        .build()
        .unwrap();
    assert_eq!(threads_of(&pool), 2);
    let done = AtomicU32::new(0);
    pool.scope(|scope| count_down(scope, 5, &done));
    assert_eq!(done.into_inner(), 5);
}
