//! The guest's first process: runs the steps one after the other and switches the machine off.
//!
//! It judges nothing. What it says begins with `@@`, and `check` reads it.

use std::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Instant;

const NOBODY: u32 = 65534;
const PARANOID: &str = "/proc/sys/kernel/perf_event_paranoid";

/// A line of `steps`: its name, who runs it, the level of paranoia, variables, and a command.
struct Step<'s> {
    name: &'s str,
    root: bool,
    paranoid: &'s str,
    variables: Vec<(&'s str, &'s str)>,
    command: Vec<&'s str>,
}

fn main() {
    mount(c"proc", c"/proc");
    mount(c"sysfs", c"/sys");
    // Nothing is mounted where cargo's target folder may be, whose path the guest has, too.
    mount(c"devtmpfs", c"/devices");
    symlink("/devices/null", "/dev/null").expect("/dev is a folder");
    let text = fs::read_to_string("/steps").expect("the file of steps");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        run(&Step::parse(line));
    }
    println!("@@ done");
    power_off();
}

impl<'s> Step<'s> {
    fn parse(line: &'s str) -> Self {
        let mut words = line.split_whitespace().peekable();
        let mut next = || words.next().unwrap_or_else(|| panic!("a step lacks a word: {line}"));
        let (name, user, paranoid) = (next(), next(), next());
        let mut variables = Vec::new();
        while let Some(variable) = words.peek().and_then(|word| word.split_once('=')) {
            variables.push(variable);
            words.next();
        }
        Self { name, root: user == "root", paranoid, variables, command: words.collect() }
    }
}

fn run(step: &Step) {
    let Step { name, paranoid, .. } = step;
    fs::write(PARANOID, paranoid).expect("the level can be set");
    println!("@@ {name}: {}", step.command.join(" "));
    let mut command = Command::new(step.command[0]);
    command.args(&step.command[1..]).current_dir("/tmp").env_clear().env("PATH", "/bin");
    command.envs(step.variables.iter().copied());
    command.stdin(File::open("/dev/null").expect("a link to it"));
    if !step.root {
        command.uid(NOBODY).gid(NOBODY);
    }
    let start = Instant::now();
    let end = match command.status() {
        Ok(status) => match status.code() {
            Some(code) => format!("exit code {code}"),
            None => format!("exit by a {status}"),
        },
        Err(error) => format!("exit before the start: {error}"),
    };
    // What the command has written last need not be a whole line.
    println!("\n@@ {name}: {end}");
    println!("@@ {name}: took {:.1} s of the guest's time", start.elapsed().as_secs_f64());
}

fn mount(kind: &CStr, place: &CStr) {
    let (kind, none) = (kind.as_ptr(), std::ptr::null());
    // SAFETY: The strings end in zeros, and none of these file systems needs data.
    let status = unsafe { c_mount(kind, place.as_ptr(), kind, 0, none) };
    assert_eq!(status, 0, "{place:?}: {}", std::io::Error::last_os_error());
}

fn power_off() {
    const RB_POWER_OFF: c_int = 0x4321_fedc;
    // SAFETY: There is nothing left to lose: all file systems are in memory.
    unsafe { reboot(RB_POWER_OFF) };
}

// There is no libc crate where a single file is compiled, but the library is there.
unsafe extern "C" {
    #[link_name = "mount"]
    fn c_mount(
        source: *const c_char,
        place: *const c_char,
        kind: *const c_char,
        flags: c_ulong,
        data: *const c_void,
    ) -> c_int;
    fn reboot(how: c_int) -> c_int;
}
