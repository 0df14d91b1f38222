//! An endpoint that was reached once: the name is resolved and somebody takes connections there. Many visits share it, so that a
//! dead endpoint costs its deadline once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::dial::{Addresses, Deadline, Overheard};
use crate::diagnosis::{Fact, Fault, Step, StepTaken};
use crate::pki::HostPort;

#[derive(Debug)]
pub struct Reached {
    pub addresses: Addresses,
    /// The name's resolution.
    pub resolved: StepTaken,
    /// The connection by which it was reached, for the first who visits: a broker need not wonder about one that is never used.
    first: Mutex<Option<Overheard>>,
}

/// An endpoint that cannot be reached, with what was done before it failed.
#[derive(Debug, Clone)]
pub struct Unreached {
    pub steps: Vec<StepTaken>,
    pub fault: Fault,
}

impl Unreached {
    /// Nobody was able to go there.
    pub fn untried() -> Self {
        Self { steps: Vec::new(), fault: Fault::other(Step::Connect, "nobody was able to connect") }
    }
}

impl Reached {
    pub async fn new(endpoint: &HostPort, limit: Duration) -> Result<Self, Unreached> {
        let (deadline, began) = (Deadline::after(limit), Instant::now());
        let addresses = Addresses::of(endpoint, deadline).await.map_err(|fault| Unreached { steps: Vec::new(), fault })?;
        let resolved = StepTaken { took: began.elapsed(), fact: Fact::Resolve { addresses: addresses.all() } };
        let first = match addresses.connect(deadline).await {
            Ok(first) => first,
            Err(fault) => return Err(Unreached { steps: vec![resolved], fault }),
        };
        let addresses = match first.tcp().peer_addr() {
            Ok(address) => addresses.preferring(address),
            Err(_) => addresses,
        };
        Ok(Self { addresses, resolved, first: Mutex::new(Some(first)) })
    }

    /// A connection of one's own.
    pub async fn connect(&self, deadline: Deadline) -> Result<Overheard, Fault> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first {
            Some(first) => Ok(first),
            None => self.addresses.connect(deadline).await,
        }
    }
}
