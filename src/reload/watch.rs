//! Which leaf is served, at every listener and every address.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::{Listener, Pace, Place};
use crate::diagnosis::Fault;
use crate::visit::{Visitor, served};

/// Asks each of `listeners` once, at all its addresses.
pub async fn look(visitor: &Visitor, listeners: &[Listener], pace: Pace) -> Vec<Place> {
    let shown = listeners.iter().map(|listener| async move {
        let place = |address, leaf| Place { listener: listener.clone(), address, leaf };
        match served(visitor, &listener.endpoint, pace.deadline, pace.now).await {
            Ok(all) => {
                let leaf = |chain: Result<Vec<_>, Fault>| match chain {
                    Ok(mut chain) => Ok(chain.swap_remove(0)),
                    Err(fault) => Err(fault.symptom.to_string()),
                };
                all.into_iter().map(|at| place(Some(at.address), leaf(at.chain))).collect()
            }
            Err(fault) => vec![place(None, Err(fault.symptom.to_string()))],
        }
    });
    join_all(shown).await.concat()
}

/// Asks until every one of them serves the leaf with this fingerprint, or `pace.patience` has passed; what was seen last.
pub async fn until_served(visitor: &Visitor, listeners: &[Listener], fingerprint: &str, pace: Pace) -> Vec<Place> {
    const PAUSE: Duration = Duration::from_millis(250);
    let begun = Instant::now();
    loop {
        let places = look(visitor, listeners, pace).await;
        if places.iter().all(|place| place.serves(fingerprint)) || begun.elapsed() >= pace.patience {
            return places;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
