//! A file that is nowhere but in memory, and that other processes open by a path.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::PathBuf;

/// How long a file of this process may be; whoever makes a longer one is ended by a signal.
pub fn file_size_limit() -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: `limit` is a valid place for the result.
    let status = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit) };
    if status == 0 { limit.rlim_cur } else { u64::MAX }
}

/// Makes one, empty. The path is good for processes of the same user for as long as this process
/// lives and has the file open; then its memory is given back. Nobody may look into a process that its
/// file gave rights to: then it is good for the programs that this one starts, which inherit the file.
///
/// # Errors
///
/// The kernel's.
pub fn memory_file() -> io::Result<(File, PathBuf)> {
    let is_privileged = is_privileged(&fs::read_to_string("/proc/self/status").unwrap_or_default());
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: the name is a C string; the file that it gives is nobody else's.
    let file = unsafe {
        let flags = if is_privileged { 0 } else { libc::MFD_CLOEXEC };
        let file = libc::memfd_create(c"rayprism".as_ptr(), flags);
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        File::from_raw_fd(file)
    };
    let process = match is_privileged {
        true => "self".to_owned(),
        false => std::process::id().to_string(),
    };
    let path = format!("/proc/{process}/fd/{}", file.as_raw_fd());
    Ok((file, PathBuf::from(path)))
}

/// Whether the process has rights that its user has not.
fn is_privileged(status: &str) -> bool {
    let words = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        line.map(|line| line.split_whitespace().collect::<Vec<_>>())
    };
    let capabilities =
        words("CapPrm:").and_then(|words| u64::from_str_radix(words.first()?, 16).ok());
    let is_root = words("Uid:").is_some_and(|ids| ids.first() == Some(&"0"));
    !is_root && capabilities.is_some_and(|capabilities| capabilities != 0)
}

#[cfg(test)]
mod tests {
    use super::is_privileged;

    #[test]
    fn a_users_process_with_capabilities_is_privileged_and_roots_is_not() {
        let status = |user: u32, capabilities: &str| {
            format!("Name:\tx\nUid:\t{user}\t{user}\t{user}\t{user}\nCapPrm:\t{capabilities}\n")
        };
        assert!(is_privileged(&status(1000, "0000004000000000")));
        assert!(!is_privileged(&status(1000, "0000000000000000")));
        assert!(!is_privileged(&status(0, "000001ffffffffff")));
        assert!(!is_privileged(""));
    }
}
