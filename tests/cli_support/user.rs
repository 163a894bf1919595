//! The binary, run as a user without rights.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::{BINARY, Sandbox};

const NOBODY: u32 = 65_534;

impl Sandbox {
    /// The command as a user without rights: nobody where the tests are root's, else who they are.
    pub(crate) fn command_of_a_user(&self, line: &str) -> Command {
        if !is_root() {
            return self.command(line);
        }
        // Where the binary was built, such a user may not even look.
        let copy = self.path("rayprism");
        fs::copy(BINARY, &copy).unwrap();
        fs::set_permissions(self.path("."), Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
        let mut command =
            self.other(copy.to_str().unwrap(), &line.split_whitespace().collect::<Vec<_>>());
        command.uid(NOBODY).gid(NOBODY);
        command
    }
}

fn is_root() -> bool {
    #[expect(unsafe_code, reason = "a system call")]
    // SAFETY: geteuid takes nothing and cannot fail.
    let user = unsafe { libc::geteuid() };
    user == 0
}
