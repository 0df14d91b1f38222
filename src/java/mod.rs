//! Floor 1: what Java writes in ways of its own: DataOutputStream, modified UTF-8, serialised objects and sealed secret keys.

pub mod input;
pub mod modified_utf8;
mod object;
pub mod sealed_object;
