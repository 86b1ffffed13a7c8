//! Ctrl-C and SIGTERM: what runs is ended, and the way back up to `main` stops servers and removes folders.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

/// The user wants to stop.
#[derive(Debug, Clone, Copy)]
pub struct Interrupted;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on a signal is noted instead of ending the process at once.
pub fn listen() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let [mut interrupt, mut terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| {
        let _inside = runtime.enter();
        signal(kind).unwrap()
    });
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        });
        INTERRUPTED.store(true, Ordering::SeqCst);
    });
}

pub fn check() -> Result<(), Interrupted> {
    if INTERRUPTED.load(Ordering::SeqCst) { Err(Interrupted) } else { Ok(()) }
}
