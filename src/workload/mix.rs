//! Work of a known size: rounds of arithmetic in which each needs the one before, so that no
//! compiler shortens them and no CPU overlaps them.

/// What comes of a number after some rounds of a multiplication and a shift (the finalizer of
/// splitmix64, Steele et al., *Fast Splittable Pseudorandom Number Generators*, 2014).
#[inline]
pub(super) fn mix(mut value: u64, rounds: u64) -> u64 {
    for _ in 0..rounds {
        value = random(value);
    }
    value
}

/// A number that looks random beside those of its neighbours.
#[inline(always)]
pub(super) fn random(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_follow_each_other() {
        assert_eq!(mix(5, 0), 5);
        assert_eq!(mix(5, 3), mix(mix(5, 1), 2));
        // The first output of splitmix64 seeded with 0.
        assert_eq!(random(0), 0xe220_a839_7b1d_cdaf);
    }
}
