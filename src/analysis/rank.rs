//! Figures by nearest rank: each is one that occurred.

/// The smallest figure that at least `percent` of all do not exceed; `None` if there are none.
pub(super) fn rank<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}
