//! Arithmetic in the finite fields below elliptic curves: modulo a prime, or modulo a polynomial over two elements.

use num_bigint::BigUint;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Prime(BigUint),
    /// The polynomial's coefficients as bits.
    Binary(BigUint),
}

impl Field {
    /// Bits of an element.
    pub fn degree(&self) -> u64 {
        match self {
            Self::Prime(prime) => prime.bits(),
            Self::Binary(polynomial) => polynomial.bits() - 1,
        }
    }

    pub fn add(&self, a: &BigUint, b: &BigUint) -> BigUint {
        match self {
            Self::Prime(prime) => (a + b) % prime,
            Self::Binary(_) => a ^ b,
        }
    }

    pub fn negated(&self, a: &BigUint) -> BigUint {
        match self {
            Self::Prime(prime) => prime - a % prime,
            Self::Binary(_) => a.clone(),
        }
    }

    pub fn subtract(&self, a: &BigUint, b: &BigUint) -> BigUint {
        self.add(a, &self.negated(b))
    }

    pub fn multiply(&self, a: &BigUint, b: &BigUint) -> BigUint {
        match self {
            Self::Prime(prime) => a * b % prime,
            Self::Binary(polynomial) => {
                let bits = (0..a.bits()).filter(|bit| a.bit(*bit));
                remainder(bits.fold(BigUint::ZERO, |product, bit| product ^ (b << bit)), polynomial)
            }
        }
    }

    /// `None` for zero, and where the modulus turns out not to be prime.
    pub fn inverse(&self, a: &BigUint) -> Option<BigUint> {
        match self {
            Self::Prime(prime) => a.modinv(prime),
            Self::Binary(polynomial) => inverse(a, polynomial),
        }
    }

    /// One of the two square roots of `a` in a prime field. `None` for what has none, and in binary fields.
    pub fn square_root(&self, a: &BigUint) -> Option<BigUint> {
        let Self::Prime(prime) = self else { return None };
        let root = if prime.bit(1) { a.modpow(&((prime + 1u8) >> 2), prime) } else { tonelli_shanks(a, prime)? };
        (&root * &root % prime == a % prime).then_some(root)
    }
}

/// For primes of the form 4k + 1.
fn tonelli_shanks(a: &BigUint, prime: &BigUint) -> Option<BigUint> {
    let one = BigUint::from(1u8);
    let less = prime - &one;
    let twos = less.trailing_zeros()?;
    let (odd, half) = (&less >> twos, &less >> 1);
    let not_a_square = (2u8..=255).map(BigUint::from).find(|candidate| candidate.modpow(&half, prime) == less)?;
    let mut generator = not_a_square.modpow(&odd, prime);
    let (mut root, mut rest) = (a.modpow(&((&odd + &one) >> 1), prime), a.modpow(&odd, prime));
    let mut order = twos;
    while rest != one {
        let mut squares = 0;
        let mut power = rest.clone();
        while power != one {
            power = &power * &power % prime;
            squares += 1;
            if squares == order {
                return None;
            }
        }
        let step = (0..order - squares - 1).fold(generator, |step, _| &step * &step % prime);
        root = root * &step % prime;
        generator = &step * &step % prime;
        rest = rest * &generator % prime;
        order = squares;
    }
    Some(root)
}

fn remainder(mut a: BigUint, polynomial: &BigUint) -> BigUint {
    while a.bits() >= polynomial.bits() {
        a ^= polynomial << (a.bits() - polynomial.bits());
    }
    a
}

/// Euclid's algorithm on polynomials.
fn inverse(a: &BigUint, polynomial: &BigUint) -> Option<BigUint> {
    let (mut u, mut v) = (remainder(a.clone(), polynomial), polynomial.clone());
    let (mut of_u, mut of_v) = (BigUint::from(1u8), BigUint::ZERO);
    while u.bits() > 1 {
        if u.bits() < v.bits() {
            std::mem::swap(&mut u, &mut v);
            std::mem::swap(&mut of_u, &mut of_v);
        }
        let shift = u.bits() - v.bits();
        u ^= &v << shift;
        of_u ^= &of_v << shift;
    }
    (u.bits() == 1).then(|| remainder(of_u, polynomial))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The primes of P-224 (4k + 1) and P-192 (4k + 3), and the polynomial of sect163k1.
    fn fields() -> [Field; 3] {
        let two = BigUint::from(2u8);
        [
            Field::Prime(two.pow(224) - two.pow(96) + 1u8),
            Field::Prime(two.pow(192) - two.pow(64) - 1u8),
            Field::Binary(two.pow(163) + two.pow(7) + two.pow(6) + two.pow(3) + 1u8),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_multiplied_is_divided_again(a in any::<[u8; 20]>(), b in any::<[u8; 20]>(), field in 0..3usize) {
            let (field, [a, b]) = (&fields()[field], [a, b].map(|octets| BigUint::from_bytes_be(&octets)));
            prop_assume!(b != BigUint::ZERO);
            prop_assert_eq!(field.multiply(&field.multiply(&a, &b), &field.inverse(&b).unwrap()), a);
        }

        #[test]
        fn a_square_has_its_root(a in any::<[u8; 20]>(), field in 0..2usize) {
            let (field, a) = (&fields()[field], BigUint::from_bytes_be(&a));
            let root = field.square_root(&field.multiply(&a, &a)).unwrap();
            prop_assert!(root == a || field.add(&root, &a) == BigUint::ZERO);
        }
    }
}
