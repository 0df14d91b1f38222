//! How much work a file may ask for.

use super::PbeError;

/// What is left of the work that one file may ask for: of all its keys, parts and MACs, with every password that is tried on them.
///
/// A file says itself how costly its passwords are to try, and a file of strangers says what it likes. What no program ever wrote is
/// refused by each derivation for itself; this bounds a thousand of those that may be.
#[derive(Debug)]
pub struct Effort {
    left: u64,
}

impl Effort {
    /// Iterations of PBKDF2 with HMAC-SHA256, or what takes as long: some ten seconds.
    pub const OF_A_FILE: u64 = 40_000_000;

    /// That of a file that was not begun.
    #[must_use]
    pub const fn of_a_file() -> Self {
        Self { left: Self::OF_A_FILE }
    }

    #[cfg(test)]
    pub const fn of(iterations: u64) -> Self {
        Self { left: iterations }
    }

    /// Before the work is done. What is too much leaves the rest for what costs less.
    pub fn spend(&mut self, iterations: u64) -> Result<(), PbeError> {
        self.left = self.left.checked_sub(iterations).ok_or(PbeError::Exhausted)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_leaves_the_rest_for_what_costs_less() {
        let mut effort = Effort::of_a_file();
        assert_eq!(effort.spend(Effort::OF_A_FILE + 1), Err(PbeError::Exhausted));
        assert_eq!(effort.spend(Effort::OF_A_FILE - 1), Ok(()));
        assert_eq!(effort.spend(2), Err(PbeError::Exhausted));
        assert_eq!(effort.spend(1), Ok(()));
    }
}
