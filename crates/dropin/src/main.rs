//! A program that uses rayon, and knows of nothing else. Prints the nodes of a tree that it counts
//! in parallel; then ends in the way that it is told.
#![expect(clippy::print_stdout, reason = "its output must stay what it is")]

use rayon::prelude::*;
use rayon::{Scope, ThreadPoolBuilder};

fn count(depth: u32) -> u64 {
    if depth == 0 {
        return 0;
    }
    let (left, right) = rayon::join(|| count(depth - 1), || count(depth - 1));
    left + 1 + right
}

/// Three jobs, from a function that takes rayon's scope by name.
fn spawn<'s>(scope: &Scope<'s>) {
    (0..3).for_each(|_| scope.spawn(|_| ()));
}

fn ways_to_count(pool: &str, depth: u32) -> u64 {
    match pool {
        "global" => count(depth),
        "asked" => {
            assert!(rayon::current_num_threads() > 0);
            count(depth)
        }
        "built" => {
            ThreadPoolBuilder::new().num_threads(2).build_global().expect("the first");
            count(depth)
        }
        "own" => {
            let pool = ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
            pool.install(|| count(depth))
        }
        _ => panic!("no such pool: {pool}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pool, depth, end] = &arguments[..] else { return println!("nothing to do") };
    println!("{}", ways_to_count(pool, depth.parse().expect("a depth")));
    rayon::scope(|scope| spawn(scope));
    assert_eq!((0..1_000_u64).into_par_iter().sum::<u64>(), 499_500);
    match end.as_str() {
        "return" => {}
        "panic" => panic!("as told"),
        "exit" => std::process::exit(3),
        "exit-in-job" => rayon::scope(|_| std::process::exit(4)),
        _ => panic!("no such end: {end}"),
    }
}
