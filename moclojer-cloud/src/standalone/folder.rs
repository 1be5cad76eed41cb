//! The folder of everything that is kept: made where it is missing, private, used by one process at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::config::Secret;
use crate::startup::StartError;

/// An open folder. Dropping it lets another process in.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    token: Token,
    /// Locked; the system lets go of it with the process, however that ends.
    _lock: File,
}

/// The development token.
#[derive(Clone, Debug)]
pub struct Token {
    secret: Secret,
    made_now: bool,
}

impl Token {
    /// The token, for whoever has to use it.
    pub fn text(&self) -> &str {
        self.secret.expose()
    }

    /// Whether this start made it: only then it is shown.
    pub fn is_new(&self) -> bool {
        self.made_now
    }
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// When another process uses it, or it cannot be used.
    pub fn open(path: &Path) -> Result<Self, StartError> {
        let unusable = |error: io::Error| {
            StartError::because(format!("the folder {} cannot be used", path.display()), error)
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        // SQLite and the store name their files from the root, whatever folder the process is in.
        let path = path.canonicalize().map_err(unusable)?;
        let lock = private().create(true).truncate(false).open(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "another process uses the folder {}: stop it, or name another folder with --data",
                    path.display()
                );
                return Err(StartError::new(message));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let token = token(&path).map_err(|error| {
            StartError::because(format!("the token in {} cannot be used", path.join(TOKEN).display()), error)
        })?;
        Ok(Self { path, token, _lock: lock })
    }

    /// The development token.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the token.
    pub fn token_file(&self) -> PathBuf {
        self.path.join(TOKEN)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.path.join("moclojer.sqlite")
    }

    pub(super) fn store(&self) -> PathBuf {
        self.path.join("store")
    }
}

const TOKEN: &str = "token";

/// For the owner alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// The token that is there, or a new one.
fn token(folder: &Path) -> io::Result<Token> {
    let path = folder.join(TOKEN);
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => {
            if std::fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
                tracing::warn!("others could read the token: its file is made private");
                std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600))?;
            }
            return Ok(Token { secret: Secret::new(text.trim()), made_now: false });
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // Missing, or cut short by an earlier end.
        Ok(_) | Err(_) => {}
    }
    let text: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    let new = folder.join("token.new");
    let mut file = private().create(true).truncate(true).open(&new)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(&new, &path)?;
    File::open(folder)?.sync_all()?;
    Ok(Token { secret: Secret::new(text), made_now: true })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use super::*;

    #[test]
    fn a_folder_is_private_keeps_its_token_and_lets_one_in() {
        let path = std::env::temp_dir().join(format!("moclojer-folder-{}", uuid::Uuid::now_v7()));
        let first = Folder::open(&path.join("data")).unwrap();
        assert!(first.token().is_new());
        assert_eq!(first.token().text().len(), 64);
        assert!(!format!("{first:?}").contains(first.token().text()));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(first.path()), mode(&first.token_file())), (0o700, 0o600));
        let refused = Folder::open(&path.join("data")).unwrap_err().to_string();
        assert!(refused.contains("another process uses the folder"), "{refused}");
        let token = first.token().text().to_owned();
        drop(first);
        std::fs::set_permissions(path.join("data/token"), PermissionsExt::from_mode(0o644)).unwrap();
        let again = Folder::open(&path.join("data")).unwrap();
        assert_eq!((again.token().text(), again.token().is_new()), (&*token, false));
        assert_eq!(mode(&again.token_file()), 0o600);
        std::fs::remove_dir_all(&path).unwrap();
    }
}
