//! The names under which a file is reached: itself, each link on the way, and what the last one names.

use std::path::{Component, Path, PathBuf};

/// Links that are followed, as many as the system itself follows.
const MOST_LINKS: usize = 40;

/// The way to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    /// Every link on the way and, last, the file: paths without links in their directories.
    pub(super) names: Vec<PathBuf>,
    /// The directories that hold them; of those that do not exist, the nearest that does.
    pub(super) directories: Vec<PathBuf>,
}

/// Follows `path`, an absolute path, link by link. Ends early where something does not exist.
pub(super) fn follow(path: &Path) -> Chain {
    let mut chain = Chain::default();
    let mut links = 0;
    let mut ahead: Vec<PathBuf> = parts(path);
    let mut here = PathBuf::new();
    while let Some(part) = ahead.pop() {
        if part == Path::new("..") {
            here.pop();
            continue;
        }
        let next = here.join(&part);
        let Ok(target) = std::fs::read_link(&next) else {
            if ahead.is_empty() {
                chain.add(next, &here);
            } else if !next.exists() {
                chain.add(next, &here);
                break;
            } else {
                here = next;
            }
            continue;
        };
        chain.add(next, &here);
        links += 1;
        if links > MOST_LINKS {
            break;
        }
        if target.is_absolute() {
            here = PathBuf::new();
        }
        ahead.extend(parts(&target));
    }
    chain
}

impl Chain {
    fn add(&mut self, name: PathBuf, directory: &Path) {
        self.names.push(name);
        if !self.directories.iter().any(|known| known == directory) {
            self.directories.push(directory.to_owned());
        }
    }
}

/// The parts of a path, last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    let kept = path.components().filter(|part| *part != Component::CurDir);
    let mut parts: Vec<PathBuf> = kept.map(|part| PathBuf::from(part.as_os_str())).collect();
    parts.reverse();
    parts
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
    use super::*;
    use crate::serve::watch::state::tests::Folder;
    use std::os::unix::fs::symlink;

    #[test]
    fn every_link_of_a_config_map_is_named() {
        let folder = Folder::new();
        let root = folder.path();
        std::fs::create_dir(root.join("..2026_a")).unwrap();
        std::fs::write(root.join("..2026_a/moclojer.yml"), "x").unwrap();
        symlink("..2026_a", root.join("..data")).unwrap();
        symlink("..data/moclojer.yml", root.join("moclojer.yml")).unwrap();
        let chain = follow(&root.join("moclojer.yml"));
        let names = ["moclojer.yml", "..data", "..2026_a/moclojer.yml"].map(|name| root.join(name));
        assert_eq!(chain.names, names);
        assert_eq!(chain.directories, [root.to_owned(), root.join("..2026_a")]);
    }

    #[test]
    fn a_missing_file_is_awaited_in_the_nearest_directory() {
        let folder = Folder::new();
        let chain = follow(&folder.path().join("a/b/c.yml"));
        assert_eq!(chain.names, [folder.path().join("a")]);
        assert_eq!(chain.directories, [folder.path().to_owned()]);
    }

    #[test]
    fn links_in_a_circle_end() {
        let folder = Folder::new();
        symlink("b", folder.path().join("a")).unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        assert_eq!(follow(&folder.path().join("a")).names.len(), MOST_LINKS + 1);
    }
}
