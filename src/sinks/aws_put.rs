//! Writing to Secrets Manager: a version is staged, read back, and only then counts.

use aws_sdk_secretsmanager::operation::update_secret_version_stage::UpdateSecretVersionStageError;

use super::aws::{CURRENT, Held, KMS_KEY, SecretsManager, Which};
use super::aws_error::{Asked, may_have_worked};
use super::{SinkError, Standing, State, Version};
use crate::parcel::Parcel;
use crate::pki::{Secret, sha256_hex};

/// The label of a version that is written and does not count yet.
///
/// Not `AWSPENDING`: that one belongs to rotation. A version that is left with it makes `RotateSecret` say that an earlier rotation
/// is under way, and attaching it would take it from the version that a rotation is making.
const PENDING: &str = "COUNTERSIGN_PENDING";

impl SecretsManager {
    /// The order of things lets a run that was cut off be finished by the next: a version that does not count harms nobody, and the
    /// label, which is written last, tells of no version that does not count.
    pub async fn put(&self, parcel: &Parcel, standing: &Standing) -> Result<Version, SinkError> {
        let value = self.value(parcel)?;
        let (old, changed) = match (&standing.version, &standing.state) {
            (_, State::Absent) => return self.create(parcel, &value).await,
            (old, State::Differs { changed } | State::NotOurs { changed, .. }) => {
                (old.as_ref().map(ToString::to_string), changed.as_slice())
            }
            (old, State::Same) => (old.as_ref().map(ToString::to_string), [].as_slice()),
        };
        // First: what is new is never encrypted by the old key.
        if let Some(key) = self.spec.kms_key.as_deref().filter(|_| changed.iter().any(|name| name == KMS_KEY)) {
            let sent = self.client.update_secret().secret_id(&parcel.address).kms_key_id(key).send().await;
            sent.map_err(|error| self.asked("change the KMS key of", &parcel.address).failed(&error))?;
        }
        let version = match old {
            Some(old) if changed.iter().all(|name| name == KMS_KEY) => old,
            old => {
                let token = token(&parcel.address, &value);
                let staged = self.stage(parcel, &value, &token).await?;
                self.let_count(&parcel.address, old.as_deref(), &token).await?;
                if staged.stages.iter().any(|stage| stage == PENDING) {
                    self.take_pending_away(&parcel.address, &token).await?;
                }
                token
            }
        };
        self.confirm(parcel, &version).await?;
        let sent = self.client.tag_resource().secret_id(&parcel.address).set_tags(Some(self.tags(&parcel.label))).send().await;
        sent.map_err(|error| self.asked("tag", &parcel.address).failed(&error))?;
        Ok(Version::Id(version))
    }

    /// A new secret has no reader who could be given a wrong value: its first version counts at once.
    async fn create(&self, parcel: &Parcel, value: &Secret) -> Result<Version, SinkError> {
        let token = token(&parcel.address, value);
        let request = self.client.create_secret().name(&parcel.address).client_request_token(&token).secret_string(text(value));
        let request = request.description(format!("{} of the cluster {}", parcel.label.holder, parcel.label.cluster));
        let request = request.set_kms_key_id(self.spec.kms_key.clone()).set_tags(Some(self.tags(&parcel.label)));
        match request.send().await {
            Ok(_) => {}
            Err(error) if may_have_worked(&error) => {
                if !matches!(self.written(parcel, &token).await, Ok(Some(_))) {
                    let exists = error.as_service_error().is_some_and(|error| error.is_resource_exists_exception());
                    let conflict = SinkError::Conflict { address: parcel.address.clone() };
                    return Err(if exists { conflict } else { self.writing(parcel, value).failed(&error) });
                }
            }
            Err(error) => return Err(self.writing(parcel, value).failed(&error)),
        }
        self.confirm(parcel, &token).await?;
        Ok(Version::Id(token))
    }

    /// Writes a version that does not count yet, and reads it back. One that is there already stays as it is.
    async fn stage(&self, parcel: &Parcel, value: &Secret, token: &str) -> Result<Held, SinkError> {
        let request = self.client.put_secret_value().secret_id(&parcel.address).client_request_token(token);
        let sent = request.secret_string(text(value)).version_stages(PENDING).send().await;
        match sent {
            Err(error) if !may_have_worked(&error) => Err(self.writing(parcel, value).failed(&error)),
            Err(error) => {
                let written = self.written(parcel, token).await.ok().flatten();
                written.ok_or_else(|| self.writing(parcel, value).failed(&error))
            }
            Ok(_) => {
                let written = self.written(parcel, token).await?;
                written.ok_or_else(|| SinkError::NotAsSent { place: self.place(), address: parcel.address.clone() })
            }
        }
    }

    /// Moves `AWSCURRENT` from exactly `old`; when that fails, whoever has it now tells why.
    async fn let_count(&self, address: &str, old: Option<&str>, token: &str) -> Result<(), SinkError> {
        let request = self.client.update_secret_version_stage().secret_id(address).version_stage(CURRENT);
        let moved = request.move_to_version_id(token).set_remove_from_version_id(old.map(str::to_owned)).send().await;
        let Err(error) = moved else { return Ok(()) };
        let current = self.held(address, Which::Current).await.ok().map(|held| held.map(|held| held.version));
        match current {
            Some(Some(current)) if current == token => Ok(()),
            Some(current) if current.as_deref() != old => Err(SinkError::Conflict { address: address.to_owned() }),
            Some(_) | None => Err(self.asked("write", address).failed(&error)),
        }
    }

    async fn take_pending_away(&self, address: &str, token: &str) -> Result<(), SinkError> {
        let request = self.client.update_secret_version_stage().secret_id(address).version_stage(PENDING);
        match request.remove_from_version_id(token).send().await {
            Ok(_) => Ok(()),
            // Another pusher's version has it now, or it was taken away by a call whose answer was lost.
            Err(error) if error.as_service_error().is_some_and(UpdateSecretVersionStageError::is_invalid_parameter_exception) => Ok(()),
            Err(error) => Err(self.asked("write", address).failed(&error)),
        }
    }

    /// Sees that `version` counts, and holds what the parcel does.
    async fn confirm(&self, parcel: &Parcel, version: &str) -> Result<(), SinkError> {
        let address = parcel.address.clone();
        match self.held(&address, Which::Current).await? {
            Some(held) if held.version != version => Err(SinkError::Conflict { address }),
            Some(held) if held.is_of(parcel) => Ok(()),
            Some(_) | None => Err(SinkError::NotAsSent { place: self.place(), address }),
        }
    }

    /// The version, when it holds what the parcel does.
    async fn written(&self, parcel: &Parcel, version: &str) -> Result<Option<Held>, SinkError> {
        let held = self.held(&parcel.address, Which::Id(version)).await?;
        Ok(held.filter(|held| held.is_of(parcel)))
    }

    fn writing<'a>(&'a self, parcel: &'a Parcel, value: &'a Secret) -> Asked<'a> {
        Asked { value: Some(value), ..self.asked("write", &parcel.address) }
    }
}

/// The version's id, which AWS takes from us: the same value at the same place is the same version, whoever pushes it, however often.
///
/// Whoever may list versions sees it; values hold keys and drawn passwords, which nobody guesses.
pub(super) fn token(address: &str, value: &Secret) -> String {
    let named = Secret::new([address.as_bytes(), &[0], value.expose()].concat());
    sha256_hex(named.expose())
}

/// A document's text is JSON or PEM.
fn text(value: &Secret) -> String {
    String::from_utf8_lossy(value.expose()).into_owned()
}
