//! How a client logs in: what its configuration says, and what was said besides.

use super::{Besides, IdentityError};
use crate::cluster::SaslMechanism;
use crate::diagnosis::Fault;
use crate::pki::Passphrase;
use crate::settings::Text;
use crate::visit::Login;

/// A mechanism that the user names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    Password(SaslMechanism),
    /// The certificate says who it is.
    External,
}

/// What a configuration says, as far as it goes.
#[derive(Debug, Clone)]
pub(super) enum Said {
    /// By the certificate where there is one, and else not at all.
    Nothing,
    /// By the certificate, and nothing else will do.
    External,
    Password {
        mechanism: Text,
        user: Option<Text>,
        password: Option<Passphrase>,
    },
    /// A delegation token.
    Token,
    /// In a way that the client itself would not take.
    Faulty(Fault),
}

impl Said {
    /// `file` is where it was said.
    pub fn login(self, file: &str, shows_certificate: bool, besides: &Besides) -> Result<Result<Login, Fault>, IdentityError> {
        let (said_mechanism, said_user) = match &self {
            Self::Password { mechanism, user, password } => (Some(mechanism.clone()), user.clone().zip(password.clone())),
            Self::Nothing | Self::External | Self::Token | Self::Faulty(_) => (None, None),
        };
        let by_password = |mechanism, (user, password)| Ok(Ok(Login::Password { mechanism, user, password }));
        let known = |name: Option<Text>| match name {
            None => Ok(SaslMechanism::Plain),
            Some(mechanism) => {
                SaslMechanism::from_name(mechanism.meant()).ok_or_else(|| IdentityError::Mechanism { file: file.to_owned(), mechanism })
            }
        };
        let besides_user = besides.user.clone().map(|(user, password)| (Text::from(user), password));
        match (besides.mechanism, besides_user) {
            (Some(Chosen::External), Some(_)) => Err(IdentityError::UserWithExternal),
            (Some(Chosen::External), None) => Ok(Ok(Login::Certificate)),
            (Some(Chosen::Password(mechanism)), user) => {
                by_password(mechanism, user.or(said_user).ok_or_else(|| IdentityError::NoUser(file.to_owned()))?)
            }
            (None, Some(user)) => by_password(known(said_mechanism)?, user),
            (None, None) => match self {
                Self::Nothing if shows_certificate => Ok(Ok(Login::Certificate)),
                Self::Nothing => Ok(Ok(Login::Anonymous)),
                Self::External => Ok(Ok(Login::Certificate)),
                Self::Token => Err(IdentityError::Token(file.to_owned())),
                Self::Faulty(fault) => Ok(Err(fault)),
                Self::Password { .. } => {
                    by_password(known(said_mechanism)?, said_user.ok_or_else(|| IdentityError::NoUser(file.to_owned()))?)
                }
            },
        }
    }
}
