//! Insertions into sources that are not ours: what, and at which line.
//!
//! A file of edits is a list of sections, one per place:
//!
//! ```text
//! file src/registry.rs
//! in      impl WorkerThread {
//! in      fn find_work(&self) -> Option<JobRef> {
//! before  self.take_local_job()
//! + self.rayprism.looks();
//! ```
//!
//! A line is named by its whole text without the space around it, and must be there exactly once:
//! within the items that `in` names from there on, each within the one before. What is inserted is indented as
//! that line is. `replace` puts text in its place; `calls` puts text at the beginning of the bodies
//! of the functions of these names, and `#[track_caller]` on them.

use std::collections::BTreeMap;

/// What is put into the files of a crate.
#[derive(Debug)]
pub(super) struct Edits {
    sections: Vec<Section>,
}

#[derive(Debug, Default)]
struct Section {
    file: String,
    within: Vec<String>,
    edits: Vec<Edit>,
}

#[derive(Debug)]
struct Edit {
    verb: Verb,
    /// The line's text, or names of functions.
    anchor: String,
    text: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Before,
    After,
    Replace,
    Calls,
}

/// A place that is not as it is expected to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{file} is not as rayprism knows it: the line `{anchor}` stands there {found} times instead of once"
)]
pub struct Misfit {
    /// The file, in the crate.
    pub file: String,
    /// The line that names the place.
    pub anchor: String,
    /// How often it was found.
    pub found: usize,
}

impl Edits {
    /// Reads a file of edits of ours.
    ///
    /// # Panics
    ///
    /// If it is not well-formed. The tests read all there are.
    pub(super) fn parse(text: &str) -> Self {
        let mut sections: Vec<Section> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let verb = match word {
                "" => continue,
                "file" => {
                    sections.push(Section { file: rest.trim().to_owned(), ..Section::default() });
                    continue;
                }
                _ => word,
            };
            let section = sections.last_mut().expect("edits are those of a file");
            if verb == "in" && !section.edits.is_empty() {
                let narrower = section.narrower();
                sections.push(narrower);
            }
            let section = sections.last_mut().expect("there is one");
            section.read(verb, rest);
        }
        Self { sections }
    }

    /// The files that are changed.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|section| &*section.file)
    }

    /// The text of `file` with what is put into it.
    pub(super) fn apply(&self, file: &str, text: &str) -> Result<String, Misfit> {
        let lines: Vec<&str> = text.lines().collect();
        let mut changes = Changes::default();
        for section in self.sections.iter().filter(|section| section.file == file) {
            section.apply(&lines, &mut changes)?;
        }
        Ok(changes.made(&lines))
    }
}

impl Section {
    /// The same place, in which a further item is to be named.
    fn narrower(&self) -> Self {
        Self { file: self.file.clone(), within: self.within.clone(), edits: Vec::new() }
    }

    fn read(&mut self, verb: &str, rest: &str) {
        let anchor = rest.trim().to_owned();
        let verb = match verb {
            "in" => return self.within.push(anchor),
            "+" => {
                let edit = self.edits.last_mut().expect("text belongs to a line");
                return edit.text.push(rest.to_owned());
            }
            "before" => Verb::Before,
            "after" => Verb::After,
            "replace" => Verb::Replace,
            "calls" => Verb::Calls,
            other => panic!("edits know no `{other}`"),
        };
        match self.edits.last_mut() {
            // Names of functions may fill several lines.
            Some(edit) if verb == Verb::Calls && edit.verb == verb && edit.text.is_empty() => {
                edit.anchor.push(' ');
                edit.anchor.push_str(&anchor);
            }
            _ => self.edits.push(Edit { verb, anchor, text: Vec::new() }),
        }
    }

    fn apply(&self, lines: &[&str], changes: &mut Changes) -> Result<(), Misfit> {
        let mut scope = 0..lines.len();
        for item in &self.within {
            let start = self.only(lines, scope.clone(), item, |line| line.trim() == item)?;
            scope = start + 1..end_of_item(lines, start);
        }
        for edit in &self.edits {
            if edit.verb == Verb::Calls {
                for name in edit.anchor.split_whitespace() {
                    self.apply_to_function(lines, scope.clone(), name, &edit.text, changes)?;
                }
                continue;
            }
            let anchor = &edit.anchor;
            let at = self.only(lines, scope.clone(), anchor, |line| line.trim() == anchor)?;
            let text = indented(&edit.text, indentation(lines[at]));
            match edit.verb {
                Verb::Before => changes.before.entry(at).or_default().extend(text),
                Verb::After => changes.after.entry(at).or_default().extend(text),
                Verb::Replace | Verb::Calls => drop(changes.instead.insert(at, text)),
            }
        }
        Ok(())
    }

    /// Puts text at the beginning of a function's body.
    fn apply_to_function(
        &self,
        lines: &[&str],
        scope: std::ops::Range<usize>,
        name: &str,
        text: &[String],
        changes: &mut Changes,
    ) -> Result<(), Misfit> {
        let head = format!("fn {name}");
        // Not one that is within another: those of the item are as far to the left as its first.
        let first = scope.clone().map(|line| lines[line]).find(|line| !line.trim().is_empty());
        let indent = indentation(first.unwrap_or(""));
        let is_it = |line: &str| {
            let start = line.strip_prefix(indent).and_then(|line| line.strip_prefix(&*head));
            start.is_some_and(|rest| rest.starts_with(['(', '<']))
        };
        let at = self.only(lines, scope, &head, is_it)?;
        let body = (at..lines.len()).find(|&line| lines[line].ends_with('{')).unwrap_or(at);
        let caller = format!("{indent}#[track_caller]");
        changes.before.entry(at).or_default().push(caller);
        let text = indented(text, &format!("{indent}    "));
        changes.after.entry(body).or_default().extend(text);
        Ok(())
    }

    /// The one line of the scope that `is_it`.
    fn only(
        &self,
        lines: &[&str],
        scope: std::ops::Range<usize>,
        anchor: &str,
        is_it: impl Fn(&str) -> bool,
    ) -> Result<usize, Misfit> {
        let mut found = scope.filter(|&line| is_it(lines[line]));
        match (found.next(), found.count()) {
            (Some(line), 0) => Ok(line),
            (first, more) => Err(Misfit {
                file: self.file.clone(),
                anchor: anchor.to_owned(),
                found: usize::from(first.is_some()) + more,
            }),
        }
    }
}

/// The line that ends the item which begins at `start`: a closing brace as far to the right.
fn end_of_item(lines: &[&str], start: usize) -> usize {
    let indent = indentation(lines[start]);
    let closes = |line: &&str| line.strip_prefix(indent).is_some_and(|rest| rest.starts_with('}'));
    let after = lines[start + 1..].iter().position(closes);
    after.map_or(lines.len(), |after| start + 1 + after)
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

fn indented(text: &[String], indent: &str) -> Vec<String> {
    let line = |line: &String| {
        if line.is_empty() { String::new() } else { format!("{indent}{line}") }
    };
    text.iter().map(line).collect()
}

/// What becomes of the lines of a file, by their numbers.
#[derive(Debug, Default)]
struct Changes {
    before: BTreeMap<usize, Vec<String>>,
    after: BTreeMap<usize, Vec<String>>,
    instead: BTreeMap<usize, Vec<String>>,
}

impl Changes {
    fn made(mut self, lines: &[&str]) -> String {
        let mut made: Vec<String> = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            made.extend(self.before.remove(&number).into_iter().flatten());
            match self.instead.remove(&number) {
                Some(text) => made.extend(text),
                None => made.push((*line).to_owned()),
            }
            made.extend(self.after.remove(&number).into_iter().flatten());
        }
        made.push(String::new());
        made.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
struct A {
    b: B,
}
impl A {
    fn one(&self) {
        self.work();
    }
    fn two<T>(&self)
    where
        T: U,
    {
        self.work();
    }
}
";

    fn apply(edits: &str) -> Result<String, Misfit> {
        Edits::parse(&format!("file a.rs\n{edits}")).apply("a.rs", SOURCE)
    }

    #[test]
    fn text_goes_where_it_is_told() {
        let made = apply(
            "in impl A {\nin fn one(&self) {\nbefore self.work();\n+ a();\n+ if b {\n+     c()\n+ }\n\
             after self.work();\n+ d();\n",
        );
        let body = "    fn one(&self) {\n        a();\n        if b {\n            c()\n        }\n        \
                    self.work();\n        d();\n    }\n";
        assert!(made.unwrap().contains(body));
        let made = apply("in struct A {\nreplace b: B,\n+ b: C,\n").unwrap();
        assert_eq!(made, SOURCE.replace("b: B,", "b: C,"));
    }

    #[test]
    fn functions_are_found_by_their_names() {
        let made = apply("in impl A {\ncalls one two\n+ called();\n").unwrap();
        let one = "    #[track_caller]\n    fn one(&self) {\n        called();\n";
        let two = "    #[track_caller]\n    fn two<T>(&self)\n    where\n        T: U,\n    {\n        called();\n";
        assert!(made.contains(one) && made.contains(two), "{made}");
    }

    #[test]
    fn a_place_must_be_there_exactly_once() {
        let misfit = |anchor: &str, found| {
            Err(Misfit { file: "a.rs".to_owned(), anchor: anchor.to_owned(), found })
        };
        assert_eq!(apply("before self.work();\n+ a();\n"), misfit("self.work();", 2));
        assert_eq!(apply("in struct B {\nbefore b: B,\n"), misfit("struct B {", 0));
        assert_eq!(apply("in struct A {\nbefore self.work();\n+ a\n"), misfit("self.work();", 0));
        assert_eq!(apply("in impl A {\ncalls three\n+ a\n"), misfit("fn three", 0));
    }
}
