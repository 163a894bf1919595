//! The kernel's files, below a root that tests put elsewhere.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::Measured;

pub(super) struct Files {
    root: PathBuf,
}

impl Files {
    pub(super) fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The file's text, without white space around it.
    pub(super) fn text(&self, path: &str) -> Measured<String> {
        match fs::read_to_string(self.place(path)) {
            Ok(text) => Measured::Is(text.trim().to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Measured::Not(format!("the kernel shows no {path}"))
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Measured::Not(format!("{path} may not be read"))
            }
            Err(error) => Measured::Not(format!("{path}: {error}")),
        }
    }

    /// What `parse` makes of the file's text.
    pub(super) fn parsed<T>(
        &self,
        path: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Measured<T> {
        match self.text(path) {
            Measured::Is(text) => match parse(&text) {
                Some(value) => Measured::Is(value),
                None => Measured::Not(format!("{path} does not tell")),
            },
            Measured::Not(reason) => Measured::Not(reason),
        }
    }

    /// The value behind `name:` in a file of such lines.
    pub(super) fn field<T>(
        &self,
        path: &str,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Measured<T> {
        self.parsed(path, |text| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            parse(value.trim())
        })
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.place(path).exists()
    }

    /// Names of what is in a folder, sorted.
    pub(super) fn names(&self, path: &str) -> Measured<Vec<String>> {
        let Ok(entries) = fs::read_dir(self.place(path)) else {
            return Measured::Not(format!("the kernel shows no {path}"));
        };
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<String> = entries.flatten().map(name).collect();
        names.sort();
        Measured::Is(names)
    }

    fn place(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

/// A root with these files, for tests.
#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) struct Fake {
        folder: tempfile::TempDir,
    }

    impl Fake {
        pub(in super::super) fn new<P: AsRef<str>, T: AsRef<str>>(
            files: impl IntoIterator<Item = (P, T)>,
        ) -> Self {
            let fake = Self { folder: tempfile::tempdir().unwrap() };
            for (path, text) in files {
                let place = fake.files().place(path.as_ref());
                fs::create_dir_all(place.parent().unwrap()).unwrap();
                fs::write(place, text.as_ref()).unwrap();
            }
            fake
        }

        pub(in super::super) fn files(&self) -> Files {
            Files::below(self.folder.path())
        }
    }

    #[test]
    fn what_is_missing_or_strange_says_so() {
        let fake = Fake::new([("/proc/status", "Name:\ta\nSeccomp:\t2\n"), ("/n", "12 \n")]);
        let files = fake.files();
        let number = |text: &str| text.parse::<u32>().ok();
        assert_eq!(files.parsed("/n", number), Measured::Is(12));
        assert_eq!(files.field("/proc/status", "Seccomp", number), Measured::Is(2));
        let strange = files.field("/proc/status", "Name", number);
        assert_eq!(strange, Measured::Not("/proc/status does not tell".to_owned()));
        let missing = files.parsed("/m", number);
        assert_eq!(missing, Measured::Not("the kernel shows no /m".to_owned()));
    }
}
