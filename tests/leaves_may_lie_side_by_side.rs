//! Iterators over two leaves that a program keeps side by side do not nest as calls do. Their items
//! are counted, and the trace stays sound.

mod recording;

use rayon::iter::plumbing::{Producer, ProducerCallback};
use rayon::prelude::*;
use rayprism::facade as rayon;
use rayprism::model::*;
use recording::*;

/// Takes the two halves of a producer in turns, the first one ending first.
struct InTurns;

impl<T> ProducerCallback<T> for InTurns {
    type Output = usize;

    fn callback<P: Producer<Item = T>>(self, producer: P) -> usize {
        let (left, right) = producer.split_at(3);
        let (mut left, mut right) = (left.into_iter(), right.into_iter());
        let mut items = 0;
        while left.next().is_some() {
            items += 1 + usize::from(right.next().is_some());
        }
        drop(left);
        items + right.count()
    }
}

#[test]
fn and_are_counted_without_being_drawn() {
    let _alone = alone();
    let trace = record(Detail::Full, 1, || {
        let numbers = [1, 2, 3, 4, 5, 6, 7];
        assert_eq!(numbers.par_iter().with_producer(InTurns), 7);
        assert_eq!(numbers.par_iter().map(|&n| n).sum::<i32>(), 28);
    });
    assert_whole(&trace);
    let [(_, in_turns), (after, whole)] = iterations(&trace)[..] else { panic!("two") };
    assert_eq!((in_turns.leaves, in_turns.items), (2, 7));
    assert_eq!(whole.items, 7);
    let drawn = leaves(&trace);
    assert_eq!(drawn.len() as u64, whole.leaves);
    assert!(drawn.iter().all(|(_, leaf)| leaf.operation == after.id));
}
