//! Folded stacks, as flame graphs are made of: `THREAD;FRAME;FRAME NANOSECONDS`, one line for each
//! stack, with the time in which it was all there was. Stretches off the CPU are left out, as their
//! time is in the frames around. Written only.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::draw::draw;
use super::fields::Category;
use super::frames::{Frames, Stacks};
use crate::model::{Annotations, Nanos, Trace};

/// Writes a trace's stacks. Needs memory for each stack that there is, not for each time it occurs.
///
/// # Errors
///
/// Those of `out`.
pub fn write(trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    let mut frames = Frames::new(trace, Folded::default());
    draw(trace, &Annotations::default(), &mut frames)?;
    for (stack, nanos) in frames.stacks.times {
        writeln!(out, "{stack} {nanos}")?;
    }
    out.flush()
}

#[derive(Default)]
struct Folded {
    /// The stack so far.
    stack: String,
    open: Vec<Open>,
    times: BTreeMap<String, u64>,
}

struct Open {
    /// How long the stack was without it.
    before: usize,
    /// When it was entered, or the frame in it was left.
    from: Nanos,
    counts: bool,
}

impl Folded {
    /// The time up to now is the innermost frame's.
    fn count(&mut self, at: Nanos) {
        let Some(open) = self.open.last_mut() else { return };
        let nanos = at.saturating_since(open.from).0;
        open.from = at;
        if nanos > 0 && open.counts {
            match self.times.get_mut(&self.stack) {
                Some(time) => *time += nanos,
                None => drop(self.times.insert(self.stack.clone(), nanos)),
            }
        }
    }
}

/// What separates frames must not be in them.
fn push(stack: &mut String, frame: &str) {
    stack.extend(frame.chars().map(|c| if c == ';' { ':' } else { c }));
}

impl Stacks for Folded {
    fn title(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn thread(&mut self, name: &str) -> io::Result<()> {
        self.stack.clear();
        push(&mut self.stack, name);
        Ok(())
    }

    fn enter(&mut self, frame: &str, category: Category, at: Nanos) -> io::Result<()> {
        self.count(at);
        let counts = category != Category::OffCpu;
        self.open.push(Open { before: self.stack.len(), from: at, counts });
        self.stack.push(';');
        push(&mut self.stack, frame);
        Ok(())
    }

    fn leave(&mut self, at: Nanos) -> io::Result<()> {
        self.count(at);
        if let Some(open) = self.open.pop() {
            self.stack.truncate(open.before);
        }
        if let Some(around) = self.open.last_mut() {
            around.from = at;
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}
