//! What waits for the readers. Threads that find nothing sleep at once: those of a channel spin and yield first, which
//! takes the processor from whoever makes the next job.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The end where jobs are put. Dropping it ends the threads that take them, once nothing waits any more.
pub(crate) struct Queue<T>(Arc<Shared<T>>);

/// The end where jobs are taken; clones share it.
pub(crate) struct Jobs<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    more: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    asleep: usize,
    closed: bool,
}

pub(crate) fn queue<T>() -> (Queue<T>, Jobs<T>) {
    let state = State { waiting: VecDeque::new(), asleep: 0, closed: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), more: Condvar::new() });
    (Queue(Arc::clone(&shared)), Jobs(shared))
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Queue<T> {
    pub(crate) fn put(&self, job: T) {
        let mut state = self.0.state();
        state.waiting.push_back(job);
        let wake = state.asleep > 0;
        drop(state);
        if wake {
            self.0.more.notify_one();
        }
    }
}

impl<T> Drop for Queue<T> {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.more.notify_all();
    }
}

impl<T> Clone for Jobs<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Jobs<T> {
    /// The next job, if one waits.
    pub(crate) fn at_once(&self) -> Option<T> {
        self.0.state().waiting.pop_front()
    }

    /// The next job, when there is one; none once the queue is closed and empty.
    pub(crate) fn next(&self) -> Option<T> {
        let mut state = self.0.state();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.asleep += 1;
            state = self.0.more.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.asleep -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn every_job_is_taken_once_and_the_threads_end() {
        let (queue, jobs) = queue();
        let takers: Vec<_> = (0..3)
            .map(|_| {
                let jobs = jobs.clone();
                thread::spawn(move || {
                    let mut taken = Vec::new();
                    while let Some(job) = jobs.next() {
                        taken.push(job);
                        taken.extend(jobs.at_once());
                    }
                    taken
                })
            })
            .collect();
        (0..10_000).for_each(|job| queue.put(job));
        drop(queue);
        let mut all: Vec<i32> = takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..10_000).collect::<Vec<_>>());
    }
}
