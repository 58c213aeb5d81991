//! The threads that queries run on: apart from those that serve, and with room for deep plans.
//!
//! A plan is walked recursively, and a debug build uses about 100 KiB of stack for each level. The usual 2 MiB of a
//! worker would let twenty nested calls end the process; here they have room to spare (see `statement.rs`).

use std::{future::Future, io};

use tokio::{
    runtime::{Builder, Runtime},
    task::{AbortHandle, JoinHandle},
};

/// Stack of each thread, in bytes. Address space, not memory: only what is used is ever taken.
const STACK_BYTES: usize = 64 << 20;
/// Most threads that plan queries or decode what the store reads. A plan cannot be stopped while it is made, so each
/// has a thread that nobody else waits for.
const BLOCKING_MAX: usize = 64;

/// A runtime of its own.
pub(crate) struct Engine {
    runtime: Option<Runtime>,
}

impl Engine {
    /// Starts as many threads as there are processors.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("fathom-lake")
            .thread_stack_size(STACK_BYTES)
            .max_blocking_threads(BLOCKING_MAX)
            .enable_all()
            .build()?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Runs a task there that may keep its thread busy for long without a pause.
    pub(crate) fn spawn_heavy<F>(&self, task: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let runtime = self.runtime.as_ref()?;
        let handle = runtime.handle().clone();
        Some(runtime.spawn_blocking(move || handle.block_on(task)))
    }

    /// Runs a task there. None where the engine is going down.
    pub(crate) fn spawn<F>(&self, task: F) -> Option<JoinHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.runtime.as_ref().map(|runtime| runtime.spawn(task))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which a task must not do.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Ends a task when it is dropped.
pub(crate) struct Guard(pub(crate) AbortHandle);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abort();
    }
}
