//! What nobody else has.

use crate::pki::hex;

/// 32 hexadecimal digits that no other message, queue or transaction has.
pub fn unique() -> String {
    let mut bytes = [0; 16];
    // Only has to differ from what others have: should the generator fail, whoever compares bytes still does.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    hex(&bytes)
}
