//! What `java.io.DataOutput` writes, read within bounds: every length is checked against what is left.

use super::modified_utf8;

#[derive(Debug, Clone)]
pub struct Input<'a> {
    bytes: &'a [u8],
    pub at: usize,
}

/// What is not as Java writes it, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    pub problem: String,
    pub at: usize,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn error(&self, problem: impl Into<String>) -> InputError {
        InputError { problem: problem.into(), at: self.at }
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8], InputError> {
        let end = self.at.checked_add(length);
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| self.error("it ends too early"))?;
        self.at += length;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], InputError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8, InputError> {
        self.array().map(u8::from_be_bytes)
    }

    pub fn u16(&mut self) -> Result<u16, InputError> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, InputError> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, InputError> {
        self.array().map(i64::from_be_bytes)
    }

    /// A length of four octets, and as many octets.
    pub fn block(&mut self) -> Result<&'a [u8], InputError> {
        let length = self.u32()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// A length of two octets, and a text in modified UTF-8.
    pub fn utf(&mut self) -> Result<String, InputError> {
        let at = self.at;
        let length = self.u16()?;
        modified_utf8::decode(self.take(length.into())?).ok_or(InputError { problem: "a name is not modified UTF-8".to_owned(), at })
    }

    /// All that was read since `start`.
    pub fn since(&self, start: usize) -> &'a [u8] {
        &self.bytes[start..self.at]
    }

    pub fn is_finished(&self) -> bool {
        self.at == self.bytes.len()
    }
}
