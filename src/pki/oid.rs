//! The object identifiers of key algorithms. Each names the standard that has it.

use pkcs8::ObjectIdentifier as Oid;

/// RFC 8017.
pub(super) const RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const RSA_PSS: Oid = Oid::new_unwrap("1.2.840.113549.1.1.10");
/// RFC 3279.
pub(super) const DSA: Oid = Oid::new_unwrap("1.2.840.10040.4.1");
pub(super) const X942_DH: Oid = Oid::new_unwrap("1.2.840.10046.2.1");
/// PKCS#3.
pub(super) const DH: Oid = Oid::new_unwrap("1.2.840.113549.1.3.1");
/// RFC 5480.
pub(super) const EC: Oid = Oid::new_unwrap("1.2.840.10045.2.1");
pub(super) const P_256: Oid = Oid::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const P_384: Oid = Oid::new_unwrap("1.3.132.0.34");
pub(super) const P_521: Oid = Oid::new_unwrap("1.3.132.0.35");
/// RFC 8410.
pub(super) const X25519: Oid = Oid::new_unwrap("1.3.101.110");
pub(super) const X448: Oid = Oid::new_unwrap("1.3.101.111");
pub(super) const ED25519: Oid = Oid::new_unwrap("1.3.101.112");
pub(super) const ED448: Oid = Oid::new_unwrap("1.3.101.113");
