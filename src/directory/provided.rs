//! What the providers of a configuration ask for (KIP-297). Whoever wrote the configuration chose the place, so not every place will do.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::read_foreign;
use crate::settings::Wanted;

/// More than any file of settings has.
const LIMIT: u64 = 256 << 10;

/// What is there, or why it is not read: a clause that follows "because". A relative path starts at `base`.
///
/// A file must be a regular one, of moderate size, and none that the kernel makes up: /proc shows the environment of every process.
pub fn read_provided(base: &Path, wanted: &Wanted) -> Result<Vec<u8>, String> {
    match wanted {
        Wanted::Variable(name) => {
            let value = std::env::var_os(name).ok_or("the environment here has no such variable")?;
            Ok(value.into_encoded_bytes())
        }
        Wanted::File(path) => {
            let path = base.join(path).canonicalize().map_err(|error| why(&error))?;
            if ["/proc", "/sys", "/dev"].iter().any(|made_up| path.starts_with(made_up)) {
                return Err("no file of /proc, /sys and /dev is read".to_owned());
            }
            let metadata = path.metadata().map_err(|error| why(&error))?;
            if !metadata.is_file() {
                return Err("it is no regular file".to_owned());
            }
            if metadata.size() > LIMIT {
                return Err(format!("its file is larger than {} KiB", LIMIT >> 10));
            }
            read_foreign(&path).map(|bytes| bytes.expose().to_vec()).map_err(|error| error.reason())
        }
    }
}

fn why(error: &std::io::Error) -> String {
    format!("its file cannot be read: {error}")
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_moderate_size_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let read = |path: &str| read_provided(directory.path(), &Wanted::File(path.into()));
        let file = |name: &str| std::fs::File::create(directory.path().join(name)).unwrap();
        file("sound");
        file("large").set_len(LIMIT + 1).unwrap();
        std::os::unix::fs::symlink("/proc/self/environ", directory.path().join("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, directory.path().join("fifo"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
        assert_eq!(read("sound").as_deref(), Ok(&b""[..]));
        for (path, why) in [
            ("/proc/self/environ", "/proc, /sys and /dev"),
            ("link", "/proc, /sys and /dev"),
            ("/dev/zero", "/proc, /sys and /dev"),
            ("sound/../../../../../../../../../../../../proc/self/environ", "cannot be read"),
            (".", "no regular file"),
            ("fifo", "no regular file"),
            ("large", "larger than 256 KiB"),
            ("missing", "No such file"),
        ] {
            assert!(read(path).unwrap_err().contains(why), "{path}: {:?}", read(path));
        }
    }

    #[test]
    fn a_variable_is_read_where_it_is_set() {
        assert!(read_provided(Path::new(""), &Wanted::Variable("PATH".to_owned())).is_ok());
        assert!(read_provided(Path::new(""), &Wanted::Variable("NO=SUCH".to_owned())).is_err());
    }
}
