//! What is asked of the system: how many files may be open, a listener on loopback; and what is said when it refuses.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Connections are made with their listener's setting of `TCP_NODELAY`: one system call less for each.
pub(super) const INHERITS_NO_DELAY: bool = cfg!(target_os = "linux");

/// Open files where the system's limit is not known: the smallest that is common.
const FEW_FILES: usize = 256;

/// How many files this process may open: its soft limit.
pub(super) fn most_open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    soft_limit_of_files(&limits).unwrap_or(FEW_FILES)
}

/// The soft limit of a line such as `Max open files   1024   4096   files`.
fn soft_limit_of_files(limits: &str) -> Option<usize> {
    let rest = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match rest.split_whitespace().next()? {
        "unlimited" => Some(usize::MAX),
        number => number.parse().ok(),
    }
}

/// Listens on `port` of 127.0.0.1, accepted from on `runtime`; 0 takes a free one.
pub(super) fn listen(port: u16, runtime: &Handle) -> io::Result<(SocketAddr, TcpListener)> {
    let _inside = runtime.enter();
    let socket = TcpSocket::new_v4()?;
    // Windows would let two programs listen there.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    if INHERITS_NO_DELAY {
        socket.set_nodelay(true)?;
    }
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    let listener = socket.listen(BACKLOG)?;
    Ok((listener.local_addr()?, listener))
}

/// The process, or the system, has too many files open. The numbers are those of Unix (a process's limit, the system's)
/// and of Windows's sockets; the standard library has no name for them.
pub(super) fn has_too_many_open_files(error: &io::Error) -> bool {
    let numbers: &[i32] = if cfg!(windows) { &[10_024] } else { &[23, 24] };
    error.raw_os_error().is_some_and(|number| numbers.contains(&number))
}

/// All ports that the system hands out are taken.
pub(super) fn has_no_free_port(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable)
}

/// What a person reads when a mock server gets no port.
pub(super) fn cannot_listen(error: &io::Error) -> io::Error {
    let help = if has_too_many_open_files(error) {
        "raise `ulimit -n`, or let fewer tests run at one time"
    } else if has_no_free_port(error) {
        "no port is free: keep fewer servers at one time, or wait a minute for ports of closed connections"
    } else {
        "a mock server needs a port of loopback: may this process open sockets?"
    };
    io::Error::new(error.kind(), format!("cannot listen on 127.0.0.1 for a mock server: {error} ({help})"))
}

/// What a person reads when there is no thread for mock servers.
pub(super) fn cannot_run(error: &io::Error) -> io::Error {
    let help = if has_too_many_open_files(error) {
        "raise `ulimit -n`, or let fewer tests run at one time"
    } else {
        "the system's limit of threads or memory may be reached: let fewer tests run at one time"
    };
    io::Error::new(error.kind(), format!("cannot make the thread of mock servers: {error} ({help})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_the_first_number_of_its_line() {
        let line =
            "Max processes   1   2   processes\nMax open files            1024      524288     files\n";
        assert_eq!(soft_limit_of_files(line), Some(1024));
        assert_eq!(soft_limit_of_files("Max open files   unlimited   unlimited   files"), Some(usize::MAX));
        for unknown in ["", "Max open files", "Max open files   many", "Max processes   1   2"] {
            assert_eq!(soft_limit_of_files(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn too_many_open_files_is_told_with_what_helps() {
        let number = if cfg!(windows) { 10_024 } else { 24 };
        let error = io::Error::from_raw_os_error(number);
        for told in [cannot_listen(&error), cannot_run(&error)] {
            assert!(told.to_string().contains("raise `ulimit -n`"), "{told}");
        }
        let told = cannot_listen(&io::Error::from(io::ErrorKind::AddrInUse)).to_string();
        assert!(told.contains("no port is free") && !told.contains("ulimit"), "{told}");
    }
}
