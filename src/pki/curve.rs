//! Elliptic curves: those that have names, those that are written out (SEC 1, C.2; RFC 3279, 2.3.5), and points on them.
//!
//! For keys whose public half must be found or checked. Not in constant time, and `BigUint` is not wiped: nothing is signed here,
//! and the curves that brokers use go to aws-lc ([`super::derive`]).

use num_bigint::BigUint;
use pkcs8::ObjectIdentifier;

use super::asn1::{self, Elements};
use super::field::Field;

/// `prime|binary  OID  name  field  a  b  x  y  order`, in hexadecimal: the generator is (x, y), and `field` is the prime, or the
/// polynomial of a binary field.
const NAMED: &str = include_str!("curves.txt");
const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");
const BINARY_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.2");
const TRINOMIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.2.3.2");
const PENTANOMIAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.2.3.3");
/// Of a field; OpenSSL's own bound.
const MAX_BITS: u64 = 661;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Curve {
    /// `None` for parameters that are written out and match no known curve.
    pub named: Option<(ObjectIdentifier, &'static str)>,
    pub domain: Domain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Domain {
    field: Field,
    a: BigUint,
    b: BigUint,
    generator: Point,
    order: BigUint,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Point {
    x: BigUint,
    y: BigUint,
}

impl Curve {
    /// Of ECParameters: a name, or everything written out. `None` for a name that is not known and for what is neither.
    pub fn of_parameters(parameters: &[u8]) -> Option<Self> {
        match *parameters.first()? {
            asn1::OID => {
                let oid = Elements::only(parameters)?.oid()?;
                Self::known().find(|(known, ..)| *known == oid).and_then(|(oid, name, line)| Self::of_line(oid, name, line))
            }
            asn1::SEQUENCE => {
                let domain = Domain::written_out(parameters)?;
                let known = Self::known().filter_map(|(oid, name, line)| Self::of_line(oid, name, line));
                Some(known.into_iter().find(|curve| curve.domain == domain).unwrap_or(Self { named: None, domain }))
            }
            _ => None,
        }
    }

    fn known() -> impl Iterator<Item = (ObjectIdentifier, &'static str, &'static str)> {
        NAMED.lines().filter_map(|line| {
            let mut words = line.split(' ');
            let (_, oid, name) = (words.next()?, words.next()?, words.next()?);
            Some((ObjectIdentifier::new(oid).ok()?, name, line))
        })
    }

    fn of_line(oid: ObjectIdentifier, name: &'static str, line: &str) -> Option<Self> {
        let (kind, numbers) = line.split_once(' ')?;
        let mut numbers = numbers.split(' ').skip(2).map(|word| BigUint::parse_bytes(word.as_bytes(), 16));
        let mut next = || numbers.next().flatten();
        let field = if kind == "prime" { Field::Prime(next()?) } else { Field::Binary(next()?) };
        let (a, b, generator, order) = (next()?, next()?, Point { x: next()?, y: next()? }, next()?);
        Some(Self { named: Some((oid, name)), domain: Domain { field, a, b, generator, order } })
    }

    pub fn name(&self) -> &'static str {
        self.named.map_or("explicit", |(_, name)| name)
    }
}

impl Domain {
    /// ECParameters with version, field, curve, base point and order.
    fn written_out(parameters: &[u8]) -> Option<Self> {
        let mut fields = Elements::within(parameters, asn1::SEQUENCE)?;
        fields.integer()?;
        let field = field(fields.tagged(asn1::SEQUENCE)?.inside())?;
        let mut curve = fields.tagged(asn1::SEQUENCE)?.inside();
        let mut number = || curve.tagged(asn1::OCTET_STRING).map(|octets| BigUint::from_bytes_be(octets.value));
        let (a, b) = (number()?, number()?);
        let base = fields.tagged(asn1::OCTET_STRING)?.value;
        let order = BigUint::from_bytes_be(fields.integer()?);
        let mut domain = Self { field, a, b, generator: Point { x: BigUint::ZERO, y: BigUint::ZERO }, order };
        let short = [&domain.a, &domain.b].iter().all(|number| number.bits() <= domain.field.degree());
        let fits = short && domain.order.bits() <= domain.field.degree() + 1;
        domain.generator = fits.then(|| domain.point(base)).flatten()?;
        Some(domain)
    }

    pub fn bits(&self) -> u32 {
        u32::try_from(self.field.degree()).unwrap_or(u32::MAX)
    }

    pub fn is_binary(&self) -> bool {
        matches!(self.field, Field::Binary(_))
    }

    fn octets(&self) -> usize {
        usize::try_from(self.field.degree().div_ceil(8)).unwrap_or(usize::MAX)
    }

    /// A point as SEC 1 writes it (2.3.3): compressed (prime fields only), uncompressed, or both.
    fn point(&self, octets: &[u8]) -> Option<Point> {
        let (form, coordinates) = octets.split_first()?;
        if !coordinates.len().is_multiple_of(self.octets()) {
            return None;
        }
        let mut coordinates = coordinates.chunks(self.octets()).map(BigUint::from_bytes_be);
        let point = match (form, coordinates.next()?, coordinates.next()) {
            (4 | 6 | 7, x, Some(y)) => Point { x, y },
            (2 | 3, x, None) => {
                let y = self.field.square_root(&self.right_side(&x))?;
                let y = if y.bit(0) == (*form == 3) { y } else { self.field.add(&self.field.negated(&y), &BigUint::ZERO) };
                Point { x, y }
            }
            _ => return None,
        };
        self.contains(&point).then_some(point)
    }

    /// x³ + ax + b, of a curve over a prime field.
    fn right_side(&self, x: &BigUint) -> BigUint {
        let f = &self.field;
        f.add(&f.multiply(&f.add(&f.multiply(x, x), &self.a), x), &self.b)
    }

    fn contains(&self, Point { x, y }: &Point) -> bool {
        let f = &self.field;
        if [x, y].iter().any(|coordinate| coordinate.bits() > f.degree()) {
            return false;
        }
        match f {
            Field::Prime(_) => f.multiply(y, y) == self.right_side(x),
            // y² + xy = x³ + ax² + b
            Field::Binary(_) => {
                let square = f.multiply(x, x);
                let left = f.add(&f.multiply(y, y), &f.multiply(x, y));
                left == f.add(&f.multiply(&square, &f.add(x, &self.a)), &self.b)
            }
        }
    }

    /// The public point of a private key, uncompressed. `None` when the number is not between 1 and the order.
    pub fn public_point(&self, private: &[u8]) -> Option<Vec<u8>> {
        let scalar = BigUint::from_bytes_be(private);
        if scalar == BigUint::ZERO || scalar >= self.order {
            return None;
        }
        // Below the order, no sum meets the point at infinity.
        let mut sum = self.generator.clone();
        for bit in (0..scalar.bits() - 1).rev() {
            sum = self.sum(&sum, &sum)?;
            if scalar.bit(bit) {
                sum = self.sum(&sum, &self.generator)?;
            }
        }
        Some(self.uncompressed(&sum))
    }

    /// The same point, uncompressed, if it lies on the curve.
    pub fn decompressed(&self, point: &[u8]) -> Option<Vec<u8>> {
        self.point(point).map(|point| self.uncompressed(&point))
    }

    fn uncompressed(&self, point: &Point) -> Vec<u8> {
        let mut octets = vec![0; 1 + 2 * self.octets()];
        octets[0] = 4;
        for (place, coordinate) in octets[1..].chunks_mut(self.octets()).zip([&point.x, &point.y]) {
            let coordinate = coordinate.to_bytes_be();
            let start = place.len().saturating_sub(coordinate.len());
            place[start..].copy_from_slice(&coordinate);
        }
        octets
    }

    fn sum(&self, one: &Point, other: &Point) -> Option<Point> {
        let f = &self.field;
        let doubled = one == other;
        let (rise, run) = match f {
            Field::Prime(_) if doubled => {
                let square = f.multiply(&one.x, &one.x);
                (f.add(&f.add(&f.add(&square, &square), &square), &self.a), f.add(&one.y, &one.y))
            }
            // x + y/x, as one fraction.
            Field::Binary(_) if doubled => (f.add(&f.multiply(&one.x, &one.x), &one.y), one.x.clone()),
            Field::Prime(_) | Field::Binary(_) => (f.subtract(&other.y, &one.y), f.subtract(&other.x, &one.x)),
        };
        let slope = f.multiply(&rise, &f.inverse(&run)?);
        let square = f.multiply(&slope, &slope);
        let (x, tail) = match f {
            Field::Prime(_) => (f.subtract(&f.subtract(&square, &one.x), &other.x), BigUint::ZERO),
            Field::Binary(_) => {
                let x = f.add(&f.add(&f.add(&square, &slope), &self.a), &f.add(&one.x, &other.x));
                (x.clone(), x)
            }
        };
        let y = f.subtract(&f.subtract(&f.multiply(&slope, &f.subtract(&one.x, &x)), &tail), &one.y);
        Some(Point { x, y })
    }
}

/// FieldID: a prime, or the exponents of a binary field's polynomial.
fn field(mut id: Elements<'_>) -> Option<Field> {
    let kind = id.next()?.oid()?;
    if kind == PRIME_FIELD {
        let prime = BigUint::from_bytes_be(id.integer()?);
        return (prime.bits() <= MAX_BITS && prime.bits() > 2 && prime.bit(0)).then_some(Field::Prime(prime));
    }
    if kind != BINARY_FIELD {
        return None;
    }
    let exponent = |octets: &[u8]| u64::try_from(BigUint::from_bytes_be(octets)).ok().filter(|exponent| *exponent <= MAX_BITS);
    let mut polynomial = id.tagged(asn1::SEQUENCE)?.inside();
    let degree = exponent(polynomial.integer()?).filter(|degree| *degree > 2)?;
    let mut terms = BigUint::from(1u8);
    terms.set_bit(degree, true);
    let basis = polynomial.next()?.oid()?;
    let mut middle = if basis == PENTANOMIAL { polynomial.tagged(asn1::SEQUENCE)?.inside() } else { polynomial };
    if basis != PENTANOMIAL && basis != TRINOMIAL {
        return None;
    }
    while !middle.is_empty() {
        terms.set_bit(exponent(middle.integer()?).filter(|exponent| *exponent < degree)?, true);
    }
    Some(Field::Binary(terms))
}
