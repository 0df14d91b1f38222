//! `librdkafka`: the process in which `verify` lets librdkafka send its messages. No one else has a use for it.

use std::io::{BufRead, Read};

use clap::Args;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::Context;
use super::failure::{Exit, Failure};
use crate::ops::DeedError;
use crate::visit::{self, Order, allowance};

/// Send messages by librdkafka as stdin says; started by verify
#[derive(Debug, Args)]
pub struct Librdkafka {}

impl Librdkafka {
    /// One line of stdin is the order, and stdout the answer. It ends at once when stdin does: then nobody waits for it any more.
    pub fn run(&self, context: &Context) -> Result<Exit, Failure> {
        // An abort must not leave the client's key in a core file.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        let order =
            order().ok_or_else(|| Failure::Usage("librdkafka is started by `countersign verify`, with an order on stdin".to_owned()))?;
        let runtime = allowance::runtime().map_err(DeedError::from)?;
        let abandoned = runtime.spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        let answer = runtime.block_on(async {
            tokio::select! {
                answer = visit::serve(&order) => answer.ok(),
                _ = abandoned => None,
            }
        });
        runtime.shutdown_background();
        let Some(answer) = answer else { return Ok(Exit::Interrupted) };
        context.console.data(&answer);
        Ok(Exit::Done)
    }
}

fn order() -> Option<Order> {
    let mut line = zeroize::Zeroizing::new(Vec::new());
    std::io::stdin().lock().take(visit::ORDER).read_until(b'\n', &mut line).ok()?;
    Order::read(&line).ok()
}
