//! What librdkafka says went wrong: as the error of a call, and besides.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;

use super::delivery::Delivery;
use super::order::Trouble;

/// What a refusal can be about.
pub(super) struct Names {
    pub topic: String,
    pub group: String,
    pub delivery: Delivery,
}

impl Names {
    /// What an error of Kafka's is about, by its code.
    pub fn of(&self, code: i16) -> Option<&str> {
        const GROUP_AUTHORIZATION_FAILED: i16 = 30;
        const CLUSTER_AUTHORIZATION_FAILED: i16 = 31;
        const TRANSACTIONAL_ID_AUTHORIZATION_FAILED: i16 = 53;
        match (code, &self.delivery) {
            (GROUP_AUTHORIZATION_FAILED, _) => Some(&self.group),
            (CLUSTER_AUTHORIZATION_FAILED, _) => None,
            (TRANSACTIONAL_ID_AUTHORIZATION_FAILED, Delivery::Transactional { id }) => Some(id),
            (_, Delivery::Acknowledged | Delivery::Transactional { .. }) => Some(&self.topic),
        }
    }
}

/// Hears what librdkafka tells nobody else: its calls only time out.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Option<(RDKafkaErrorCode, String)>>>);

impl Heard {
    /// What `code` means, with the last that was said before it.
    pub fn trouble<'a>(&self, code: RDKafkaErrorCode, resource: impl FnOnce(i16) -> Option<&'a str>) -> Trouble {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match heard {
            // Of its own code and Kafka's, Kafka's is the cause.
            Some((cause, reason)) if (code as i32) < 0 && (cause as i32) > 0 => trouble(cause, Some(reason), resource),
            heard => trouble(code, heard.map(|(_, reason)| reason), resource),
        }
    }
}

pub(super) fn trouble<'a>(code: RDKafkaErrorCode, reason: Option<String>, resource: impl FnOnce(i16) -> Option<&'a str>) -> Trouble {
    match i16::try_from(code as i32) {
        Ok(code @ 1..) => Trouble::Kafka { code, message: reason, resource: resource(code).map(str::to_owned) },
        Ok(_) | Err(_) => {
            let name = RDKafkaRespErr::try_from(code as i32).map(|error| format!("{error:?}")).unwrap_or_default();
            let name = name.strip_prefix("RD_KAFKA_RESP_ERR_").map_or_else(|| code.to_string(), str::to_owned);
            Trouble::Librdkafka { code: name, reason: reason.unwrap_or_default() }
        }
    }
}

impl ClientContext for Heard {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else { return };
        // "1/1 brokers are down" follows the cause and hides it, and a group is not joined here.
        if !matches!(code, RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::GroupAuthorizationFailed) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, reason.to_owned()));
        }
    }
}

impl ConsumerContext for Heard {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Symptom;

    #[test]
    fn a_refusal_of_kafkas_explains_what_librdkafka_only_waited_for() {
        let heard = Heard::default();
        let meant = |code| Symptom::from(heard.trouble(code, |_| Some("orders"))).to_string();
        assert_eq!(meant(RDKafkaErrorCode::MessageTimedOut), "_MSG_TIMED_OUT");
        heard.error(KafkaError::Global(RDKafkaErrorCode::BrokerTransportFailure), "localhost:1: refused");
        heard.error(KafkaError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        assert_eq!(meant(RDKafkaErrorCode::MessageTimedOut), "_MSG_TIMED_OUT (localhost:1: refused)");
        heard.error(KafkaError::Global(RDKafkaErrorCode::TopicAuthorizationFailed), "not for you");
        assert_eq!(meant(RDKafkaErrorCode::MessageTimedOut), "Kafka's error 29 TOPIC_AUTHORIZATION_FAILED for orders: not for you");
        assert!(meant(RDKafkaErrorCode::NotEnoughReplicas).starts_with("Kafka's error 19 NOT_ENOUGH_REPLICAS for orders"));
    }
}
