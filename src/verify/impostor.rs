//! Someone with all the right names, and none of the right signatures.

use crate::diagnosis::{Fault, Step};
use crate::issue;
use crate::visit::Credential;

/// A certificate with the names of `insider`, made a moment ago, in the name of whoever signed the insider's.
pub fn of(insider: &Credential) -> Result<Credential, Fault> {
    let failed = |error: String| Fault::other(Step::Files, error);
    let impostor = issue::impostor(insider.leaf()).map_err(|error| failed(error.to_string()))?;
    Credential::of(&impostor).map_err(|problem| failed(problem.to_string()))
}
