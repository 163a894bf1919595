//! A program that uses rayon and knows of nothing else: the slowest pages of a web server's log.
//! One line of its `Cargo.toml` has it recorded, where the environment asks for that.
//!
//! ```text
//! RAYPRISM_OUT=trace.json cargo run --release -p access-log
//! cargo run --release -- report trace.json
//! ```

use std::collections::BTreeMap;

use rayon::prelude::*;

struct Request<'a> {
    page: &'a str,
    micros: u32,
}

fn parse(line: &str) -> Option<Request<'_>> {
    let (page, micros) = line.split_once(' ')?;
    Some(Request { page, micros: micros.parse().ok()? })
}

/// The longest request of each page.
fn longest<'a>(requests: &[Request<'a>]) -> BTreeMap<&'a str, u32> {
    let mut longest = BTreeMap::new();
    for request in requests {
        let entry = longest.entry(request.page).or_insert(0);
        *entry = request.micros.max(*entry);
    }
    longest
}

/// All times, in order.
fn sorted_times(requests: &[Request]) -> Vec<u32> {
    let mut times: Vec<u32> = requests.par_iter().map(|request| request.micros).collect();
    times.par_sort_unstable();
    times
}

/// Stands for a file.
fn log(lines: u32) -> Vec<String> {
    let request = |line: u32| {
        let (page, scattered) = (line % 7, line.wrapping_mul(2_654_435_769));
        format!("/page/{page} {}", scattered >> (12 + page))
    };
    (0..lines).map(request).collect()
}

fn main() {
    let log = log(500_000);
    let requests: Vec<Request> = log.par_iter().filter_map(|line| parse(line)).collect();
    let (longest, times) = rayon::join(|| longest(&requests), || sorted_times(&requests));

    println!("{} requests, half of them below {} µs", times.len(), times[times.len() / 2]);
    for (page, micros) in longest {
        println!("{page}  {micros:>7} µs at most");
    }
}
