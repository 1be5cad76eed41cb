//! The background threads of a process, each with its runtime. One is made when it is first needed and never ends; what
//! runs on them, and how many there are, is not known here.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::runtime::{Builder, Handle};

use super::system;

/// What debuggers and `ps` call the threads.
const NAME: &str = "moclojer-mocks";

/// The most threads: they only answer, and leave the cores to the tests that ask.
const MOST: usize = 4;

/// How many threads there may be: no more than cores. The first call reads what the system allows this process.
pub(super) fn most() -> usize {
    static ALLOWED: OnceLock<usize> = OnceLock::new();
    *ALLOWED.get_or_init(|| std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST)))
}

/// The runtime of the thread with this number, from 0. Never waits for what runs there.
///
/// # Errors
/// The system gives no thread, or no descriptors for its runtime; the next call tries again.
pub(super) fn runtime(number: usize) -> io::Result<&'static Handle> {
    static RUNTIMES: [OnceLock<Handle>; MOST] = [const { OnceLock::new() }; MOST];
    static MAKING: Mutex<()> = Mutex::new(());

    let runtime = RUNTIMES.get(number).ok_or(io::ErrorKind::InvalidInput)?;
    if let Some(handle) = runtime.get() {
        return Ok(handle);
    }
    // Held while the thread is made, so that many first servers make one.
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = runtime.get() {
        return Ok(handle);
    }
    let handle = begin().map_err(|error| system::cannot_run(&error))?;
    Ok(runtime.get_or_init(|| handle))
}

fn begin() -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let handed_over = Arc::new(Mutex::new(Some(runtime)));
    let take = |place: &Mutex<Option<_>>| place.lock().unwrap_or_else(PoisonError::into_inner).take();

    let place = Arc::clone(&handed_over);
    let begun = std::thread::Builder::new().name(NAME.to_owned()).spawn(move || {
        if let Some(runtime) = take(&place) {
            runtime.block_on(std::future::pending::<()>());
        }
    });
    if let Err(error) = begun {
        // Dropped plainly it would wait, and panic when this is called inside of another runtime.
        if let Some(runtime) = take(&handed_over) {
            runtime.shutdown_background();
        }
        return Err(error);
    }
    Ok(handle)
}
