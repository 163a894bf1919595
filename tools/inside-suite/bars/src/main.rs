//! Times what the bars of instrumentation from within are about. For each line of standard input it
//! prints a line: how many nanoseconds one go at it took. `bars tree`, `bars sum`, `bars ten`.

use std::hint::black_box;
use std::io::{self, BufRead};
use std::time::Instant;

use rayon::prelude::*;

/// Levels of the tree: 8,388,607 nodes.
const DEPTH: u32 = 23;

/// Calls for ten items in one go.
const TENS: u32 = 100_000;

struct Node {
    value: u64,
    children: Option<Box<[Node; 2]>>,
}

fn tree(depth: u32) -> Node {
    let children = (depth > 1).then(|| Box::new([tree(depth - 1), tree(depth - 1)]));
    Node { value: u64::from(depth), children }
}

/// A join at every node.
fn invert(node: &mut Node) {
    node.value ^= 1;
    if let Some(children) = &mut node.children {
        children.swap(0, 1);
        let [left, right] = &mut **children;
        rayon::join(|| invert(left), || invert(right));
    }
}

fn main() {
    let what = std::env::args().nth(1).expect("which bar");
    let mut go: Box<dyn FnMut()> = match &*what {
        "tree" => {
            let mut root = tree(DEPTH);
            // Twice, as the first reverses the order in memory.
            Box::new(move || (0..2).for_each(|_| invert(&mut root)))
        }
        "sum" => {
            let numbers: Vec<u64> = (0..10_000_000).collect();
            Box::new(move || (0..5).for_each(|_| sum(&numbers)))
        }
        "ten" => {
            let numbers: Vec<u64> = (0..10).collect();
            let pool = rayon::ThreadPoolBuilder::new().build().expect("a pool");
            Box::new(move || pool.install(|| (0..TENS).for_each(|_| sum(&numbers))))
        }
        _ => panic!("tree, sum or ten"),
    };
    go();
    for _ in io::stdin().lock().lines() {
        let start = Instant::now();
        go();
        println!("{}", start.elapsed().as_nanos());
    }
}

fn sum(numbers: &[u64]) {
    black_box(black_box(numbers).par_iter().map(|number| number ^ 3).sum::<u64>());
}
