//! What one judgement may cost, whatever it is given: the numbers are far above any honest chain.

/// Counts down; `None` says that it is used up.
#[derive(Debug)]
pub(super) struct Budget {
    signatures: usize,
    paths: usize,
    comparisons: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { signatures: 128, paths: 32, comparisons: 1 << 20 }
    }
}

impl Budget {
    /// One signature is verified.
    pub fn verify(&mut self) -> Option<()> {
        take(&mut self.signatures, 1)
    }

    /// One whole path is judged.
    pub fn judge(&mut self) -> Option<()> {
        take(&mut self.paths, 1)
    }

    /// A name is compared with that many subtrees, or a certificate with that many revocation lists or blocks of their entries.
    pub fn compare(&mut self, times: usize) -> Option<()> {
        take(&mut self.comparisons, times)
    }
}

fn take(from: &mut usize, cost: usize) -> Option<()> {
    *from = from.checked_sub(cost)?;
    Some(())
}
