//! Objects that Java serialised (Java Object Serialization Specification, 6), read within bounds: enough for the secret keys in
//! JCEKS. No object is made of them: a class is only its name.

use super::input::{Input, InputError};

/// STREAM_MAGIC and STREAM_VERSION.
pub const HEADER: [u8; 4] = [0xAC, 0xED, 0x00, 0x05];
pub const FIRST_HANDLE: u32 = 0x7E_0000;
/// Objects within objects, and classes above classes.
const DEPTH: usize = 16;

/// TC_… of the specification.
pub mod tag {
    pub const NULL: u8 = 0x70;
    pub const REFERENCE: u8 = 0x71;
    pub const CLASS: u8 = 0x72;
    pub const OBJECT: u8 = 0x73;
    pub const STRING: u8 = 0x74;
    pub const ARRAY: u8 = 0x75;
    pub const BLOCK: u8 = 0x77;
    pub const END: u8 = 0x78;
    pub const LONG_BLOCK: u8 = 0x7A;
    pub const ENUM: u8 = 0x7E;
}

/// SC_… of the specification.
const WRITE_METHOD: u8 = 0x01;
pub const SERIALIZABLE: u8 = 0x02;
const EXTERNALIZABLE: u8 = 0x04;

#[derive(Debug)]
pub struct Object<'a> {
    pub class: String,
    fields: Vec<(String, Value<'a>)>,
}

#[derive(Debug, Clone)]
enum Value<'a> {
    Text(String),
    Octets(&'a [u8]),
    /// What no secret key needs.
    Other,
}

impl<'a> Object<'a> {
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.iter().find_map(|(name, value)| match value {
            Value::Text(text) if name == field => Some(text.as_str()),
            Value::Text(_) | Value::Octets(_) | Value::Other => None,
        })
    }

    pub fn octets(&self, field: &str) -> Option<&'a [u8]> {
        self.fields.iter().find_map(|(name, value)| match value {
            Value::Octets(octets) if name == field => Some(*octets),
            Value::Text(_) | Value::Octets(_) | Value::Other => None,
        })
    }
}

/// One stream with one object in it.
pub fn read<'a>(input: &mut Input<'a>) -> Result<Object<'a>, InputError> {
    let start = input.error("no serialised object is here");
    if input.array()? != HEADER || input.u8()? != tag::OBJECT {
        return Err(start);
    }
    Reader { input, known: Vec::new() }.object(DEPTH)
}

#[derive(Debug, Clone)]
struct Class {
    name: String,
    flags: u8,
    /// Name, and type code of the Java Virtual Machine.
    fields: Vec<(String, u8)>,
    /// Its handle.
    parent: Option<usize>,
}

/// What later parts of the stream may refer to.
#[derive(Debug, Clone)]
enum Known<'a> {
    Class(Class),
    Value(Value<'a>),
}

struct Reader<'r, 'a> {
    input: &'r mut Input<'a>,
    known: Vec<Known<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn object(&mut self, depth: usize) -> Result<Object<'a>, InputError> {
        let class = self.class(depth)?.ok_or_else(|| self.input.error("an object has no class"))?;
        self.known.push(Known::Value(Value::Other));
        let mut object = Object { class: class.name.clone(), fields: Vec::new() };
        // The topmost class comes first.
        let mut line = vec![class];
        while let Some(parent) = line.last().and_then(|class| class.parent) {
            match self.known.get(parent) {
                Some(Known::Class(class)) if line.len() < DEPTH => line.push(class.clone()),
                _ => return Err(self.input.error("a class has no end of parents")),
            }
        }
        for class in line.into_iter().rev() {
            if class.flags & SERIALIZABLE != 0 {
                for (name, code) in class.fields {
                    let value = self.value(code, depth)?;
                    object.fields.push((name, value));
                }
            }
            if class.flags & (WRITE_METHOD | EXTERNALIZABLE) != 0 {
                self.annotation(depth)?;
            }
        }
        Ok(object)
    }

    fn value(&mut self, code: u8, depth: usize) -> Result<Value<'a>, InputError> {
        let size = match code {
            b'B' | b'Z' => 1,
            b'C' | b'S' => 2,
            b'F' | b'I' => 4,
            b'D' | b'J' => 8,
            _ => return self.content(depth),
        };
        self.input.take(size)?;
        Ok(Value::Other)
    }

    fn content(&mut self, depth: usize) -> Result<Value<'a>, InputError> {
        let depth = depth.checked_sub(1).ok_or_else(|| self.input.error("objects nest too deep"))?;
        let unknown = self.input.error("a serialised object holds what no secret key does");
        Ok(match self.input.u8()? {
            tag::NULL => Value::Other,
            tag::REFERENCE => match self.reference()?.1 {
                Known::Value(value) => value,
                Known::Class(_) => Value::Other,
            },
            tag::OBJECT => {
                self.object(depth)?;
                Value::Other
            }
            tag::STRING => {
                let text = Value::Text(self.input.utf()?);
                self.known.push(Known::Value(text.clone()));
                text
            }
            tag::ARRAY => self.octets(depth)?,
            tag::ENUM => {
                self.class(depth)?;
                self.known.push(Known::Value(Value::Other));
                self.content(depth)?
            }
            _ => return Err(unknown),
        })
    }

    /// An array of bytes; there are no others in a key.
    fn octets(&mut self, depth: usize) -> Result<Value<'a>, InputError> {
        let other = self.input.error("a serialised object holds an array that is not of bytes");
        if self.class(depth)?.is_none_or(|class| class.name != "[B") {
            return Err(other);
        }
        let handle = self.known.len();
        self.known.push(Known::Value(Value::Other));
        let octets = Value::Octets(self.input.block()?);
        self.known[handle] = Known::Value(octets.clone());
        Ok(octets)
    }

    fn class(&mut self, depth: usize) -> Result<Option<Class>, InputError> {
        Ok(self.class_handle(depth)?.and_then(|handle| match self.known.get(handle) {
            Some(Known::Class(class)) => Some(class.clone()),
            Some(Known::Value(_)) | None => None,
        }))
    }

    fn class_handle(&mut self, depth: usize) -> Result<Option<usize>, InputError> {
        let depth = depth.checked_sub(1).ok_or_else(|| self.input.error("classes nest too deep"))?;
        let unknown = self.input.error("a class is described as no key's is");
        match self.input.u8()? {
            tag::NULL => return Ok(None),
            tag::REFERENCE => return Ok(Some(self.reference()?.0)),
            tag::CLASS => {}
            _ => return Err(unknown),
        }
        let name = self.input.utf()?;
        let _serial_version = self.input.i64()?;
        let handle = self.known.len();
        self.known.push(Known::Class(Class { name: name.clone(), flags: 0, fields: Vec::new(), parent: None }));
        let flags = self.input.u8()?;
        let mut fields = Vec::new();
        for _ in 0..self.input.u16()? {
            let (code, name) = (self.input.u8()?, self.input.utf()?);
            if matches!(code, b'[' | b'L') {
                self.content(depth)?;
            }
            fields.push((name, code));
        }
        self.annotation(depth)?;
        let parent = self.class_handle(depth)?;
        self.known[handle] = Known::Class(Class { name, flags, fields, parent });
        Ok(Some(handle))
    }

    /// What a class wrote on its own, up to the end.
    fn annotation(&mut self, depth: usize) -> Result<(), InputError> {
        loop {
            let start = self.input.clone();
            match self.input.u8()? {
                tag::END => return Ok(()),
                tag::BLOCK => {
                    let length = self.input.u8()?;
                    self.input.take(length.into())?;
                }
                tag::LONG_BLOCK => {
                    self.input.block()?;
                }
                _ => {
                    *self.input = start;
                    self.content(depth)?;
                }
            }
        }
    }

    fn reference(&mut self) -> Result<(usize, Known<'a>), InputError> {
        let nothing = self.input.error("a reference leads nowhere");
        let handle = self.input.u32()?.checked_sub(FIRST_HANDLE).and_then(|handle| usize::try_from(handle).ok());
        handle.and_then(|handle| Some((handle, self.known.get(handle)?.clone()))).ok_or(nothing)
    }
}
