//! What threads are called, and names that every viewer shows whole.

use std::borrow::Cow;

use crate::model::{Lane, Role, Trace};

/// A name that viewers show whole: never empty, and with pictures for what they would cut it at or
/// spell out.
pub(super) fn printable<'a>(name: &'a str, otherwise: &'a str) -> Cow<'a, str> {
    match name {
        name if name.trim().is_empty() => Cow::Borrowed(otherwise),
        name if name.chars().any(|c| picture(c) != c) => name.chars().map(picture).collect(),
        name => Cow::Borrowed(name),
    }
}

fn picture(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(c),
        '\u{7f}' => '\u{2421}',
        '\\' => '\u{29f5}',
        other => other,
    }
}

/// `worker 3`, with the pool if there are several, and with the thread's own name if it has one.
pub(super) fn of_lane(trace: &Trace, lane: &Lane) -> String {
    let place = place(trace, lane);
    match (lane.role, own_name(lane)) {
        (Role::Worker { .. }, Some(own)) => format!("{place} ({own})"),
        (Role::Worker { .. }, None) | (Role::Outside, _) => place,
    }
}

/// What a lane is called where there is room for little.
pub(super) fn place(trace: &Trace, lane: &Lane) -> String {
    match lane.role {
        Role::Worker { pool, index } if trace.pools.len() > 1 => {
            format!("pool {} worker {index}", pool.0)
        }
        Role::Worker { index, .. } => format!("worker {index}"),
        Role::Outside => own_name(lane).map_or_else(|| unnamed(lane), str::to_owned),
    }
}

fn own_name(lane: &Lane) -> Option<&str> {
    lane.name.as_deref().filter(|name| !name.trim().is_empty())
}

fn unnamed(lane: &Lane) -> String {
    match lane.thread.value() {
        Some(thread) => format!("thread {thread}"),
        None => format!("lane {}", lane.id.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_empty_nor_cut() {
        assert_eq!(printable("", "region"), "region");
        assert_eq!(printable(" \n", "region"), "region");
        assert_eq!(printable("a\0b\n\\", "region"), "a\u{2400}b\u{240a}\u{29f5}");
        assert_eq!(printable("a \"é\" \u{1f600}", "region"), "a \"é\" \u{1f600}");
    }
}
