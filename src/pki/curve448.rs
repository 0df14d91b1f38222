//! The public halves of X448 (RFC 7748) and Ed448 (RFC 8032) keys, which aws-lc does not know.
//!
//! As in [`super::curve`]: not in constant time.

use num_bigint::BigUint;
use shake::digest::{ExtendableOutput, Update, XofReader};

use super::field::Field;

pub(super) const X448_OCTETS: usize = 56;
pub(super) const ED448_OCTETS: usize = 57;

/// 2⁴⁴⁸ − 2²²⁴ − 1.
fn field() -> Field {
    let two = BigUint::from(2u8);
    Field::Prime(two.pow(448) - two.pow(224) - 1u8)
}

fn number(value: u32) -> BigUint {
    BigUint::from(value)
}

fn little_endian<const N: usize>(number: &BigUint) -> [u8; N] {
    let mut octets = [0; N];
    octets.iter_mut().zip(number.to_bytes_le()).for_each(|(place, octet)| *place = octet);
    octets
}

/// The ladder of RFC 7748, section 5, from the base point 5.
pub(super) fn x448(private: [u8; X448_OCTETS]) -> [u8; X448_OCTETS] {
    let f = field();
    let mut scalar = private;
    scalar[0] &= 0xFC;
    scalar[X448_OCTETS - 1] |= 0x80;
    let scalar = BigUint::from_bytes_le(&scalar);
    let base = number(5);
    let (mut x2, mut z2, mut x3, mut z3) = (number(1), number(0), base.clone(), number(1));
    for bit in (0..448).rev() {
        let swap = scalar.bit(bit);
        if swap {
            std::mem::swap(&mut x2, &mut x3);
            std::mem::swap(&mut z2, &mut z3);
        }
        let (a, b, c, d) = (f.add(&x2, &z2), f.subtract(&x2, &z2), f.add(&x3, &z3), f.subtract(&x3, &z3));
        let (aa, bb, da, cb) = (f.multiply(&a, &a), f.multiply(&b, &b), f.multiply(&d, &a), f.multiply(&c, &b));
        let e = f.subtract(&aa, &bb);
        let (plus, minus) = (f.add(&da, &cb), f.subtract(&da, &cb));
        x3 = f.multiply(&plus, &plus);
        z3 = f.multiply(&base, &f.multiply(&minus, &minus));
        x2 = f.multiply(&aa, &bb);
        z2 = f.multiply(&e, &f.add(&aa, &f.multiply(&number(39_081), &e)));
        if swap {
            std::mem::swap(&mut x2, &mut x3);
            std::mem::swap(&mut z2, &mut z3);
        }
    }
    little_endian(&f.multiply(&x2, &f.inverse(&z2).unwrap_or_default()))
}

/// RFC 8032, 5.2.5.
pub(super) fn ed448(private: [u8; ED448_OCTETS]) -> [u8; ED448_OCTETS] {
    let f = field();
    let mut digest = zeroize::Zeroizing::new([0; 2 * ED448_OCTETS]);
    let mut hash = shake::Shake256::default();
    hash.update(&private);
    hash.finalize_xof().read(&mut digest[..]);
    let scalar = &mut digest[..ED448_OCTETS];
    scalar[0] &= 0xFC;
    scalar[ED448_OCTETS - 2] |= 0x80;
    scalar[ED448_OCTETS - 1] = 0;
    let scalar = BigUint::from_bytes_le(scalar);
    let base = base_point();
    let mut sum = [number(0), number(1), number(1)];
    for bit in (0..scalar.bits()).rev() {
        sum = edwards_sum(&f, &sum, &sum);
        if scalar.bit(bit) {
            sum = edwards_sum(&f, &sum, &base);
        }
    }
    let [x, y, z] = sum;
    let inverse = f.inverse(&z).unwrap_or_default();
    let mut octets = little_endian(&f.multiply(&y, &inverse));
    octets[ED448_OCTETS - 1] = if f.multiply(&x, &inverse).bit(0) { 0x80 } else { 0 };
    octets
}

/// In projective coordinates: RFC 8032, 5.2.4, with d = −39081.
fn edwards_sum(f: &Field, [x1, y1, z1]: &[BigUint; 3], [x2, y2, z2]: &[BigUint; 3]) -> [BigUint; 3] {
    let (a, c, d) = (f.multiply(z1, z2), f.multiply(x1, x2), f.multiply(y1, y2));
    let b = f.multiply(&a, &a);
    let e = f.negated(&f.multiply(&number(39_081), &f.multiply(&c, &d)));
    let (minus, plus) = (f.subtract(&b, &e), f.add(&b, &e));
    let h = f.multiply(&f.add(x1, y1), &f.add(x2, y2));
    let x = f.multiply(&a, &f.multiply(&minus, &f.subtract(&f.subtract(&h, &c), &d)));
    let y = f.multiply(&a, &f.multiply(&plus, &f.subtract(&d, &c)));
    [x, y, f.multiply(&minus, &plus)]
}

/// RFC 7748, 4.2, "Ed448-Goldilocks" as RFC 8032 uses it.
fn base_point() -> [BigUint; 3] {
    let decimal = |digits: &[u8]| BigUint::parse_bytes(digits, 10).unwrap_or_default();
    [
        decimal(b"224580040295924300187604334099896036246789641632564134246125461686950415467406032909029192869357953282578032075146446173674602635247710"),
        decimal(b"298819210078481492676017930443930673437544040154080242095928241372331506189835876003536878655418784733982303233503462500531545062832660"),
        number(1),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
    }

    /// RFC 7748, 6.2.
    #[test]
    fn the_key_of_alice() {
        let private =
            octets("9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b");
        let public: [u8; X448_OCTETS] =
            octets("9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0");
        assert_eq!(x448(private), public);
    }

    /// RFC 8032, 7.4: the blank message.
    #[test]
    fn the_key_of_the_blank_message() {
        let private =
            octets("6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b");
        let public: [u8; ED448_OCTETS] =
            octets("5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180");
        assert_eq!(ed448(private), public);
    }
}
