//! Configuration files of Kafka, librdkafka and RabbitMQ.

#![no_main]

use countersign::settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(settings) = settings::read(bytes) {
        settings::references(&settings);
    }
});
