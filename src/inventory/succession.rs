//! How the generations of an authority follow each other, and which of them signs.
//!
//! Generations below one root are a line: whoever trusts the root takes what any of them signed. A new root begins a line of its own,
//! which everyone is given to trust at once. It signs once a whole leaf's lifetime has passed, for by then everybody has been given
//! new files, and whoever did not take them has nothing left that is valid. Before that it signs where the journal says that it was told
//! to, for then it was seen that everybody trusts it.

use time::OffsetDateTime;

use super::{AuthorityCertificates, AuthorityGeneration, Inventory, KeyFile};
use crate::cluster::{AuthorityName, LeafSpec};
use crate::pki::{Certificate, Validity};

/// The generations below one root.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    root: &'a Certificate,
    /// Oldest first. Never empty.
    generations: Vec<(&'a AuthorityGeneration, &'a AuthorityCertificates)>,
}

impl<'a> Line<'a> {
    pub fn root(&self) -> &'a Certificate {
        self.root
    }

    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.generations.iter().map(|(generation, _)| generation.number)
    }

    pub fn contains(&self, generation: u32) -> bool {
        self.numbers().any(|number| number == generation)
    }

    /// When this generation was made.
    pub fn signs_since(&self, generation: u32) -> Option<OffsetDateTime> {
        let (_, certificates) = self.generations.iter().find(|(known, _)| known.number == generation)?;
        Some(certificates.signing().validity.not_before.saturating_add(Validity::BACKDATED))
    }

    /// From when on it may sign beside an older one, whoever has taken the new trust.
    pub fn signs_from(&self, leaf: &LeafSpec) -> OffsetDateTime {
        signs_from(self.root.validity.not_before.saturating_add(Validity::BACKDATED), leaf)
    }

    /// The newest generation that has the key of the root.
    pub fn with_root_key(&self) -> Option<(&'a AuthorityGeneration, &'a AuthorityCertificates)> {
        self.generations.iter().rev().find(|(_, certificates)| certificates.root_key.is_usable()).copied()
    }

    /// Of those that are valid at `now` the newest.
    fn signing(&self, now: OffsetDateTime) -> Option<(&'a AuthorityGeneration, &'a AuthorityCertificates)> {
        let newest = self.generations.last();
        self.generations.iter().rev().find(|(_, certificates)| certificates.signing().validity.contains(now)).or(newest).copied()
    }

    /// Whether `self` signs no more where `next` is there.
    fn gives_way_to(&self, next: &Self, existing: Option<&AuthorityCertificates>, leaf: &LeafSpec, now: OffsetDateTime) -> bool {
        let is_brought = |certificates: &AuthorityCertificates| existing.is_some_and(|one| one.signing() == certificates.signing());
        let signing = self.signing(now);
        let can_sign = signing.is_some_and(|(_, certificates)| certificates.key.is_usable() || is_brought(certificates));
        let root = self.root.validity;
        // Whatever it signs ends before it is renewed: those who did not take the new trust yet would be left with nothing as well.
        now >= next.signs_from(leaf) || now >= leaf.latest_renewal(root.not_after) || !can_sign
    }
}

/// When a root that is handed out at `published` may sign.
pub fn signs_from(published: OffsetDateTime, leaf: &LeafSpec) -> OffsetDateTime {
    published.saturating_add(leaf.lifetime.duration())
}

impl KeyFile {
    /// Whether it can sign, as far as that can be seen without its passphrase.
    pub const fn is_usable(&self) -> bool {
        match self {
            Self::Plain | Self::Encrypted => true,
            Self::Absent | Self::Broken(_) => false,
        }
    }
}

impl Inventory {
    /// The roots of `name` with what stands below each, oldest first. What cannot be read is left out.
    pub fn lines(&self, name: AuthorityName) -> Vec<Line<'_>> {
        let mut lines: Vec<Line<'_>> = Vec::new();
        for generation in self.authorities.get(&name).into_iter().flatten() {
            let Ok(certificates) = &generation.state else { continue };
            match lines.iter_mut().find(|line| *line.root == certificates.root) {
                Some(line) => line.generations.push((generation, certificates)),
                None => lines.push(Line { root: &certificates.root, generations: vec![(generation, certificates)] }),
            }
        }
        lines
    }

    /// The line of `name` that signs at `now`.
    pub fn signing_line(&self, name: AuthorityName, leaf: &LeafSpec, now: OffsetDateTime) -> Option<Line<'_>> {
        let (existing, told) = (self.existing.get(&name), self.journal.told(name.path()).to_sign);
        let is_told = |line: &Line<'_>| told.is_some_and(|told| line.contains(told));
        let lines = self.lines(name).into_iter();
        lines.reduce(|signing, next| if is_told(&next) || signing.gives_way_to(&next, existing, leaf, now) { next } else { signing })
    }

    /// The generations of `name` below roots that are older than the one of generation `told`.
    pub fn older_than(&self, name: AuthorityName, told: u32) -> Vec<u32> {
        let lines = self.lines(name);
        let newer = lines.iter().position(|line| line.contains(told)).unwrap_or_default();
        lines[..newer].iter().flat_map(Line::numbers).collect()
    }

    /// The generation of `name` that signs at `now`. Where the newest cannot be read, that is the one; nothing signs then.
    pub fn signing_generation(&self, name: AuthorityName, leaf: &LeafSpec, now: OffsetDateTime) -> Option<&AuthorityGeneration> {
        let newest = self.authorities.get(&name)?.last()?;
        if newest.state.is_err() {
            return Some(newest);
        }
        self.signing_line(name, leaf, now)?.signing(now).map(|(generation, _)| generation)
    }

    /// The generation of `name` that signed the leaf of `chain`, which has its issuers as that one has them.
    pub fn signed_by(&self, name: AuthorityName, chain: &[Certificate]) -> Option<(&AuthorityGeneration, &AuthorityCertificates)> {
        let (leaf, above) = chain.split_first()?;
        let generations = self.authorities.get(&name).into_iter().flatten();
        let mut readable = generations.filter_map(|generation| Some((generation, generation.state.as_ref().ok()?)));
        readable.find(|(_, certificates)| {
            let signing = certificates.signing();
            // An existing authority may have been renewed under its old name.
            let chained = above.first().is_none_or(|next| next == signing);
            leaf.issuer_der == signing.subject_der && chained && leaf.is_signed_by(signing)
        })
    }
}
