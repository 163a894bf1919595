//! Records a part of a program by hand: the facade in rayon's place, a session around the part,
//! and regions that give its stretches names.
//!
//! ```text
//! cargo run --release --example by_hand
//! cargo run --release -- report trace.json
//! ```

#![allow(clippy::print_stdout, reason = "an example's output is its purpose")]

use std::error::Error;

use rayon::prelude::*;
use rayprism::Session;
use rayprism::facade as rayon;

fn merge_sort(numbers: &mut [u32]) {
    if numbers.len() > 4_096 {
        let (left, right) = numbers.split_at_mut(numbers.len() / 2);
        rayon::join(|| merge_sort(left), || merge_sort(right));
    }
    // Of two sorted halves, std's stable sort makes one merge.
    numbers.sort();
}

fn main() -> Result<(), Box<dyn Error>> {
    let scattered = (0..1_u32 << 20).map(|number| number.wrapping_mul(2_654_435_769));
    let mut numbers: Vec<u32> = scattered.collect();

    let session = Session::builder().title("by hand").start()?;
    rayprism::region("sort", || merge_sort(&mut numbers));
    let sum: u64 = rayprism::region("sum", || {
        numbers.par_iter().map(|number| u64::from(number.isqrt())).sum()
    });
    session.write("trace.json")?;

    println!("{} numbers sorted, their square roots summed: {sum}", numbers.len());
    println!("trace in trace.json");
    Ok(())
}
