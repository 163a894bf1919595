//! speedscope's file format: a profile for each thread, its frames entered and left. Written only.
//! The schema is at <https://www.speedscope.app/file-format-schema.json>.

use std::collections::HashMap;
use std::io::{self, Write};

use super::chrome::write_json;
use super::draw::draw;
use super::fields::Category;
use super::frames::{Frames, Stacks};
use crate::model::{Annotations, Nanos, Trace};

/// Writes a trace for speedscope.
///
/// # Errors
///
/// Those of `out`.
pub fn write(trace: &Trace, out: &mut dyn Write) -> io::Result<()> {
    let profiles = Profiles {
        out: &mut *out,
        begun: false,
        events: false,
        frames: HashMap::new(),
        named: Vec::new(),
        open: Vec::new(),
        last: Nanos::ZERO,
    };
    let mut frames = Frames::new(trace, profiles);
    draw(trace, &Annotations::default(), &mut frames)?;
    let named = std::mem::take(&mut frames.stacks.named);
    out.write_all(b"\n],\"shared\":{\"frames\":[")?;
    for (at, name) in named.iter().enumerate() {
        out.write_all(if at > 0 { b",\n{\"name\":" } else { b"\n{\"name\":" })?;
        out.write_all(&json(name)?)?;
        out.write_all(b"}")?;
    }
    out.write_all(b"\n]}}\n")?;
    out.flush()
}

fn json(text: &str) -> io::Result<Vec<u8>> {
    let mut buffer = Vec::new();
    write_json(&mut buffer, &text)?;
    Ok(buffer)
}

struct Profiles<'w> {
    out: &'w mut dyn Write,
    /// Whether there is a profile before.
    begun: bool,
    /// Whether there is an event before.
    events: bool,
    frames: HashMap<String, usize>,
    /// The frames' names by their numbers.
    named: Vec<String>,
    open: Vec<usize>,
    /// The time of the last event.
    last: Nanos,
}

impl Profiles<'_> {
    fn event(&mut self, of: char, frame: usize, at: Nanos) -> io::Result<()> {
        let separator = if self.events { "," } else { "" };
        self.events = true;
        self.last = at;
        let at = at.0;
        write!(self.out, "{separator}\n{{\"type\":\"{of}\",\"frame\":{frame},\"at\":{at}}}")
    }
}

impl Stacks for Profiles<'_> {
    fn title(&mut self, title: &str) -> io::Result<()> {
        let schema = "https://www.speedscope.app/file-format-schema.json";
        write!(self.out, "{{\"$schema\":\"{schema}\",\"exporter\":\"rayprism\",\"name\":")?;
        self.out.write_all(&json(title)?)?;
        self.out.write_all(b",\"profiles\":[")
    }

    fn thread(&mut self, name: &str) -> io::Result<()> {
        self.out.write_all(if self.begun { b",\n" } else { b"\n" })?;
        (self.begun, self.events, self.last) = (true, false, Nanos::ZERO);
        self.out.write_all(b"{\"type\":\"evented\",\"unit\":\"nanoseconds\",\"name\":")?;
        self.out.write_all(&json(name)?)?;
        self.out.write_all(b",\"startValue\":0,\"events\":[")
    }

    fn enter(&mut self, frame: &str, _: Category, at: Nanos) -> io::Result<()> {
        let number = match self.frames.get(frame) {
            Some(number) => *number,
            None => {
                self.frames.insert(frame.to_owned(), self.named.len());
                self.named.push(frame.to_owned());
                self.named.len() - 1
            }
        };
        self.open.push(number);
        self.event('O', number, at)
    }

    fn leave(&mut self, at: Nanos) -> io::Result<()> {
        match self.open.pop() {
            Some(frame) => self.event('C', frame, at),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        write!(self.out, "],\"endValue\":{}}}", self.last.0)
    }
}
