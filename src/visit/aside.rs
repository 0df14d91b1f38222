//! librdkafka's clients wait for their threads when they are dropped; nobody else has to.

use std::ops::Deref;

use tokio::runtime::Handle;

/// Is dropped in a thread of its own, also where whoever holds it is cancelled.
pub struct Aside<T: Send + 'static>(Option<T>);

impl<T: Send> Aside<T> {
    pub fn new(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T: Send> Deref for Aside<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("there until it is dropped")
    }
}

impl<T: Send + 'static> Drop for Aside<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn_blocking(move || drop(value));
        }
    }
}
