"""Moves rayon's own tests out of its packages, so that they test whatever is called `rayon`.

Every `#[test]` of a package is accounted for: it is moved, or `left-out.txt` names it and says why.
"""

import re
from dataclasses import dataclass
from pathlib import Path


class Disagreement(Exception):
    """The tables of this tool and the sources of rayon do not agree."""


# What is written otherwise outside of rayon: name → (pattern, replacement).
EDITS = {
    "crate is rayon": (r"\bcrate::(?!unwind|registry)", "rayon::"),
    "rayon-core is rayon": (r"\brayon_core\b", "rayon"),
    "parent is rayon": (r"^use super::(?!\*)", "use rayon::"),
    "parent is rayon's prelude": (r"^( *)use super::\*;", r"\1use rayon::prelude::*;"),
    "parent is rayon::iter": (
        r"^use super::\*;",
        "use rayon::iter::plumbing::*;\nuse rayon::iter::*;\nuse std::collections::LinkedList;",
    ),
    "parent is rayon-core's join": (
        r"^use super::\*;",
        "use crate::unwind;\nuse rayon::{join, join_context};",
    ),
    # All of `rayon` would bring the module `str`, where rayon-core brings no such thing.
    "rayon-core by name": (
        r"^use rayon_core::\*;",
        "use rayon::{scope, Scope, ThreadPoolBuilder};",
    ),
}

# The edits that a file needs. One that changes nothing is an error.
EDITED = {
    "rayon": {
        "src/iter/fold_chunks.rs": ["parent is rayon's prelude"],
        "src/iter/fold_chunks_with.rs": ["parent is rayon's prelude"],
        "src/iter/test.rs": ["parent is rayon::iter", "rayon-core by name", "crate is rayon"],
        "src/range.rs": ["crate is rayon"],
        "src/range_inclusive.rs": ["crate is rayon"],
        "src/slice/test.rs": ["crate is rayon"],
    },
    "rayon-core": {
        "src/broadcast/test.rs": ["crate is rayon"],
        "src/join/test.rs": ["parent is rayon-core's join", "crate is rayon"],
        "src/scope/test.rs": ["crate is rayon"],
        "src/spawn/test.rs": ["parent is rayon", "crate is rayon"],
        "src/test.rs": ["crate is rayon"],
        "src/thread_pool/test.rs": ["crate is rayon"],
        "tests/double_init_fail.rs": ["rayon-core is rayon"],
        "tests/init_zero_threads.rs": ["rayon-core is rayon"],
        "tests/scope_join.rs": ["rayon-core is rayon"],
        "tests/scoped_threadpool.rs": ["rayon-core is rayon"],
        "tests/simple_panic.rs": ["rayon-core is rayon"],
        "tests/stack_overflow_crash.rs": ["rayon-core is rayon"],
        "tests/use_current_thread.rs": ["rayon-core is rayon"],
    },
}

# Files whose tests need a process of their own, as they have in rayon: they configure the global
# pool, make a thread of the harness a worker, start themselves again, or set an attribute of the
# crate. All other tests of a package share one process.
ALONE = {
    "rayon": ["tests/issue671-unzip.rs", "tests/issue671.rs", "tests/named-threads.rs"],
    "rayon-core": [
        "tests/double_init_fail.rs",
        "tests/init_zero_threads.rs",
        "tests/stack_overflow_crash.rs",
        "tests/use_current_thread.rs",
    ],
}

# What the tests use of rayon-core's private parts, said in public ones.
STAND_INS = """
mod unwind {
    pub fn halt_unwinding<R>(func: impl FnOnce() -> R) -> std::thread::Result<R> {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(func))
    }
}
mod registry {
    pub fn in_worker<R: Send>(op: impl FnOnce((), bool) -> R + Send) -> R {
        rayon::scope(|_| op((), false))
    }
}
"""


@dataclass(frozen=True)
class Package:
    """A package of rayon's: its name, version, edition and folder."""

    name: str
    version: str
    edition: str
    folder: Path


@dataclass(frozen=True)
class Binary:
    """A test binary to be: its root file, and the tests it must have."""

    name: str
    root: Path
    tests: frozenset


def move(package, into, left_out):
    """Writes the package's tests below the folder `into`; returns the binaries that they make.

    `left_out` holds (package, path, test).
    """
    binaries, modules, moved, left = [], {}, set(), set()
    for source in sorted(package.folder.rglob("*.rs")):
        path = source.relative_to(package.folder).as_posix()
        text = source.read_text()
        names = tests_of(text, f"{package.name} {path}")
        out = {name for name in names if (package.name, path, name) in left_out}
        left |= {(package.name, path, name) for name in out}
        kept = [name for name in names if name not in out]
        if not kept:
            continue
        moved.add(path)
        target = into / package.name / path
        write(target, edited(package.name, path, outside(path, text, out)))
        if path in ALONE[package.name]:
            binaries.append(Binary(f"{package.name}-{target.stem}", target, frozenset(kept)))
        else:
            modules[target] = kept
    stale = {entry for entry in left_out if entry[0] == package.name} - left
    agree(not stale, f"left-out.txt names what is not there: {sorted(stale)}")
    for path in [*EDITED[package.name], *ALONE[package.name]]:
        agree(path in moved, f"no test is moved from {package.name} {path}")
    return [together(package, into, modules), *binaries]


def tests_of(text, file):
    """The names of a file's tests, each `#[test]` accounted for."""
    names = names_in(text)
    understood = len(list(functions(text)))
    agree(text.count("#[test]") == understood, f"{file}: only {understood} tests are understood")
    agree(len(names) == len(set(names)), f"{file} has two tests of one name")
    return names


def together(package, into, modules):
    """One binary of many files."""
    root = into / f"{package.name}.rs"
    lines, tests = [STAND_INS], []
    for path, names in modules.items():
        within = path.relative_to(into)
        module = re.sub(r"\W", "_", "_".join(within.with_suffix("").parts[1:]))
        lines.append(f'#[path = "{within.as_posix()}"]\nmod {module};\n')
        tests += [f"{module}::{name}" for name in names]
    write(root, "".join(lines))
    return Binary(package.name, root, frozenset(tests))


def edited(package, path, text):
    """The text after the edits that its file needs."""
    for name in EDITED[package].get(path, []):
        pattern, replacement = EDITS[name]
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        agree(count > 0, f"in {package} {path} the edit '{name}' changes nothing")
    return text


def outside(path, text, left_out):
    """What is moved of a file: all of it, its module of tests, or the functions among its code."""
    lines = text.splitlines(keepends=True)
    for name, span in functions(text):
        if name in left_out:
            lines[span] = [""] * (span.stop - span.start)
    if path.startswith("tests/") or path.endswith("/test.rs"):
        return "".join(lines)
    module = re.search(r"^mod tests? \{\n(.*?)^\}", "".join(lines), re.MULTILINE | re.DOTALL)
    if module:
        return module[1]
    spans = [span for _, span in functions(text)]
    return "use rayon::prelude::*;\n" + "\n".join("".join(lines[span]) for span in spans)


def functions(text):
    """A file's test functions: the name, and the lines with what is above it up to its brace."""
    lines = text.splitlines()
    for at in (at for at, line in enumerate(lines) if line.strip() == "#[test]"):
        indent = lines[at][: lines[at].index("#")]
        begin, head = at, at
        while lines[begin - 1].startswith((f"{indent}#[", f"{indent}//")):
            begin -= 1
        while not (name := re.match(r"\s*(?:pub )?fn ([$\w]+)", lines[head])):
            head += 1
        yield name[1], slice(begin, lines.index(f"{indent}}}", head) + 1)


def names_in(text):
    """The names of a file's tests; those of a macro's `fn $name` end the calls of the macro."""
    names = []
    for name, span in functions(text):
        if name.startswith("$"):
            above = "\n".join(text.splitlines()[: span.start])
            macro = re.findall(r"^macro_rules! (\w+)", above, re.MULTILINE)[-1]
            names += re.findall(rf"^{macro}!\(.*\b(\w+)\);", text, re.MULTILINE)
        else:
            names.append(name)
    return names


def write(path, text):
    """Leaves a file that is the same untouched, for cargo to see that it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def agree(it_does, message):
    if not it_does:
        raise Disagreement(message)
