//! What counters counted, from parts: one of each CPU.
//!
//! A counter of one CPU is enabled while its thread is on any, so the kernel's two times do not tell
//! here what share of the time it counted. The event of the ring does: it is never put aside, so its
//! time running is the time that the CPU had the threads.

/// What an event has counted on one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Its value.
    pub(super) value: u64,
    /// For how long, in nanoseconds, it was counting.
    pub(super) running: u64,
}

/// Counters' parts summed over CPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    parts: Vec<Part>,
    /// How long, in nanoseconds, the CPUs had the threads.
    on_cpu: u64,
}

/// A counter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) value: u64,
    pub(super) estimated: bool,
}

impl Counts {
    pub(super) fn none(counters: usize) -> Self {
        Self { parts: vec![Part::default(); counters], on_cpu: 0 }
    }

    /// Adds what the ring's event of a CPU tells.
    pub(super) fn add_time(&mut self, part: Part) {
        self.on_cpu += part.running;
    }

    /// Adds what a counter has counted on a CPU.
    pub(super) fn add(&mut self, index: usize, part: Part) {
        let own = &mut self.parts[index];
        own.value += part.value;
        own.running += part.running;
    }

    /// A counter's value, scaled up if it was put aside for a part of the time; `None` if it was
    /// for all of it.
    pub(super) fn value(&self, index: usize) -> Option<Value> {
        let Part { value, running } = self.parts[index];
        // A thousandth is the kernel's own delay between one event and the next.
        let always = running >= self.on_cpu - self.on_cpu / 1_000;
        match running {
            0 if !always => None,
            _ if always => Some(Value { value, estimated: false }),
            _ => {
                let scaled = u128::from(value) * u128::from(self.on_cpu) / u128::from(running);
                Some(Value { value: u64::try_from(scaled).ok()?, estimated: true })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(on_cpu: u64, parts: &[(u64, u64)]) -> Counts {
        let mut counts = Counts::none(1);
        counts.add_time(Part { value: 0, running: on_cpu });
        for &(value, running) in parts {
            counts.add(0, Part { value, running });
        }
        counts
    }

    #[test]
    fn what_counted_all_the_time_is_exact() {
        // On two CPUs, and a little late on one of them.
        let value = counts(1_000_000, &[(300, 600_000), (200, 399_900)]).value(0);
        assert_eq!(value, Some(Value { value: 500, estimated: false }));
    }

    #[test]
    fn what_counted_a_part_of_the_time_is_scaled() {
        let value = counts(1_000_000, &[(300, 250_000)]).value(0);
        assert_eq!(value, Some(Value { value: 1_200, estimated: true }));
    }

    #[test]
    fn what_never_counted_is_no_zero_unless_there_was_nothing_to_count() {
        assert_eq!(counts(1_000_000, &[(0, 0)]).value(0), None);
        let nothing = Some(Value { value: 0, estimated: false });
        assert_eq!(counts(0, &[(0, 0)]).value(0), nothing);
    }
}
