//! What other clients say of a fault.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// librdkafka tries again for ever; that long it may.
const PATIENCE: Duration = Duration::from_secs(4);

/// Keeps the first thing that librdkafka complains of.
#[derive(Clone, Default)]
struct Complaints(Arc<Mutex<Option<String>>>);

impl Complaints {
    fn add(&self, error: &KafkaError, reason: &str) {
        use RDKafkaErrorCode::{AllBrokersDown, GroupAuthorizationFailed};
        if !matches!(error.rdkafka_error_code(), Some(AllBrokersDown | GroupAuthorizationFailed)) {
            self.0.lock().unwrap().get_or_insert_with(|| format!("{:?}: {reason}", error.rdkafka_error_code().unwrap()));
        }
    }
}

impl ClientContext for Complaints {
    fn error(&self, error: KafkaError, reason: &str) {
        self.add(&error, reason);
    }

    fn log(&self, _: rdkafka::config::RDKafkaLogLevel, _: &str, _: &str) {}
}

impl ConsumerContext for Complaints {}

impl ProducerContext for Complaints {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.add(error, "the message was not delivered");
        }
    }
}

/// Asks for the brokers, then writes a message to the topic and reads it again; the first thing that librdkafka complains of.
pub fn librdkafka(config: &ClientConfig, topic: Option<&str>) -> String {
    let complaints = Complaints::default();
    match exchange(config, topic, &complaints) {
        Ok(()) => "nothing: it works".to_owned(),
        Err(last) => complaints.0.lock().unwrap().take().unwrap_or(last),
    }
}

fn exchange(config: &ClientConfig, topic: Option<&str>, complaints: &Complaints) -> Result<(), String> {
    let mut config = config.clone();
    config.set("message.timeout.ms", "3000").set("group.id", "others");
    let said = |error: KafkaError| error.to_string();
    let producer: BaseProducer<Complaints> = config.create_with_context(complaints.clone()).map_err(said)?;
    let until = Instant::now() + PATIENCE;
    let answered = std::thread::scope(|scope| {
        let asking = scope.spawn(|| producer.client().fetch_metadata(topic, PATIENCE).map(drop));
        while !asking.is_finished() {
            producer.poll(Duration::from_millis(50));
        }
        asking.join().unwrap()
    });
    producer.poll(Duration::from_millis(50));
    answered.map_err(|error| format!("no complaint for {} s, then {error}", PATIENCE.as_secs()))?;
    let Some(topic) = topic else { return Ok(()) };
    if config.get("transactional.id").is_some() {
        return producer.init_transactions(PATIENCE).map_err(said);
    }
    producer.send(BaseRecord::to(topic).partition(0).key("others").payload("others")).map_err(|(error, _)| error.to_string())?;
    producer.flush(PATIENCE).map_err(said)?;
    if complaints.0.lock().unwrap().is_some() {
        return Err(String::new());
    }
    let consumer: BaseConsumer<Complaints> = config.create_with_context(complaints.clone()).map_err(said)?;
    let mut partition = TopicPartitionList::new();
    partition.add_partition_offset(topic, 0, Offset::Beginning).map_err(said)?;
    consumer.assign(&partition).map_err(said)?;
    while Instant::now() < until {
        if let Some(polled) = consumer.poll(Duration::from_millis(100)) {
            match polled {
                // A consumer that is told its partition needs no group.
                Err(KafkaError::MessageConsumption(RDKafkaErrorCode::GroupAuthorizationFailed)) => {}
                polled => return polled.map(drop).map_err(said),
            }
        }
    }
    Err("no message comes, and no complaint".to_owned())
}

/// `openssl s_client`, which says what it has to say in lines among many others.
pub fn openssl(mut command: Command) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = err.read_to_string(&mut text);
        text
    });
    let printing = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = out.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    // Its input stays open for a while: the server's verdict on the client comes after the handshake.
    let until = Instant::now() + Duration::from_secs(3);
    let mut hung = false;
    while child.try_wait().unwrap().is_none() && !hung {
        std::thread::sleep(Duration::from_millis(50));
        hung = Instant::now() > until;
    }
    if hung {
        child.kill().unwrap();
    }
    child.wait().unwrap();
    let text = printing.join().unwrap() + &reading.join().unwrap();
    let line = |wanted: &str| text.lines().find(|line| line.contains(wanted));
    if let Some(error) = line("verify error:") {
        return error.trim().to_owned();
    }
    if let Some(error) = ["Could not", "Can't open", "Mac verify error"].iter().find_map(|text| line(text)) {
        return error.trim().to_owned();
    }
    // 4057…:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../ssl/record/rec_layer_s3.c:1605:SSL alert number 48
    if let Some(error) = line(":error:") {
        let parts: Vec<&str> = error.split(':').collect();
        return match (parts[5], parts.last().unwrap()) {
            ("system lib", last) => (*last).to_owned(),
            (reason, last) if last.starts_with("SSL alert") => format!("{reason} ({last})"),
            (reason, _) => reason.to_owned(),
        };
    }
    let verified = text.contains("Verify return code: 0 (ok)");
    if verified { "nothing: Verify return code: 0 (ok)" } else { "nothing: it waits without an end" }.to_owned()
}
