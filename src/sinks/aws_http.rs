//! HTTP as AWS is spoken to, for Secrets Manager and for whoever gives credentials: as the SDK has it, and no answer is longer than
//! [`LONGEST_ANSWER`].

use std::fmt;

use aws_sdk_secretsmanager::config::http::{HttpRequest, HttpResponse};
use aws_sdk_secretsmanager::config::{HttpClient, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use zeroize::Zeroizing;

use super::LONGEST_ANSWER;

/// What the SDK builds for itself, but for the trust and the bound. `Builder::build_https` would leave the proxy out.
pub fn client(trust: TlsContext) -> SharedHttpClient {
    let unbounded = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(trust.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.proxy_config(ProxyConfig::from_env()).build()
    });
    http_client_fn(move |settings, components| SharedHttpConnector::new(Bounded(unbounded.http_connector(settings, components))))
}

#[derive(Debug)]
struct Bounded(SharedHttpConnector);

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move { whole(answer.await?).await })
    }
}

/// The answer with its body read: the SDK reads each to its end, and none of those asked for here is a stream.
async fn whole(mut answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let mut stream = ByteStream::new(answer.take_body());
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| ConnectorError::io(error.into()))?;
        if body.len() + chunk.len() > LONGEST_ANSWER {
            let status = answer.status().as_u16();
            // Of no kind that the SDK asks again for.
            return Err(ConnectorError::other(TooLong { status }.into(), None));
        }
        body.extend_from_slice(&chunk);
    }
    *answer.body_mut() = SdkBody::from(std::mem::take(&mut *body));
    Ok(answer)
}

/// An answer that was not read to its end.
#[derive(Debug)]
pub struct TooLong {
    pub status: u16,
}

impl std::error::Error for TooLong {}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its answer is longer than {} MiB", LONGEST_ANSWER >> 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(octets: usize) -> HttpResponse {
        HttpResponse::new(200.try_into().unwrap(), SdkBody::from(vec![b' '; octets]))
    }

    #[tokio::test]
    async fn an_answer_is_read_whole_or_refused_and_never_asked_for_again() {
        let read = whole(answer(LONGEST_ANSWER)).await.unwrap();
        assert_eq!(read.body().bytes().map(<[u8]>::len), Some(LONGEST_ANSWER));
        let refused = whole(answer(LONGEST_ANSWER + 1)).await.unwrap_err();
        assert!(!refused.is_io() && !refused.is_timeout() && refused.as_other().is_none(), "{refused:?}");
        assert_eq!(std::error::Error::source(&refused).unwrap().to_string(), "its answer is longer than 8 MiB");
    }
}
