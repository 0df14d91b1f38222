//! Ways to log in to Vault, each set up as an administrator does. The role is always `ROLE`, the mount what Vault proposes.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use rcgen::{KeyPair, PublicKeyData};
use serde_json::{Value, json};

use super::certificates::Authority;
use super::fault_proxy::{Fault, FaultProxy};
use super::vault::Vault;

pub const ROLE: &str = "push";

/// Of the JWTs that `Vault::log_in_by_jwt` lets in.
pub const AUDIENCE: &str = "vault";

/// The account whose tokens `Vault::log_in_by_kubernetes` lets in: namespace and name.
pub const SERVICE_ACCOUNT: (&str, &str) = ("kafka", "countersign");

impl Vault {
    /// AppRole: whoever knows both ids has the policy for `ttl`. The role's id, and a secret id.
    pub fn log_in_by_app_role(&self, policy: &str, ttl: &str) -> (String, String) {
        self.enable("approle");
        self.write(&format!("auth/approle/role/{ROLE}"), &json!({ "token_policies": policy, "token_ttl": ttl }));
        let role = self.read(&format!("auth/approle/role/{ROLE}/role-id"));
        let secret = self.write(&format!("auth/approle/role/{ROLE}/secret-id"), &json!({}));
        let text = |answer: &Value, name: &str| answer["data"][name].as_str().unwrap().to_owned();
        (text(&role, "role_id"), text(&secret, "secret_id"))
    }

    /// JWT: every subject that `issuer` signs for `AUDIENCE` has the policy.
    pub fn log_in_by_jwt(&self, policy: &str, issuer: &Issuer) {
        self.enable("jwt");
        self.write("auth/jwt/config", &json!({ "jwt_validation_pubkeys": [issuer.public_key()] }));
        let role = json!({ "role_type": "jwt", "bound_audiences": [AUDIENCE], "user_claim": "sub", "token_policies": policy });
        self.write(&format!("auth/jwt/role/{ROLE}"), &role);
    }

    /// Kubernetes: the service account has the policy, if `api` says so.
    pub fn log_in_by_kubernetes(&self, policy: &str, api: &KubernetesApi) {
        self.enable("kubernetes");
        // Vault insists on a CA; the API here speaks no TLS.
        let ca = Authority::root("unused").pem();
        let config = json!({ "kubernetes_host": api.server.url(), "kubernetes_ca_cert": ca, "disable_local_ca_jwt": true });
        self.write("auth/kubernetes/config", &config);
        let (namespace, name) = SERVICE_ACCOUNT;
        let role = json!({
            "bound_service_account_names": name, "bound_service_account_namespaces": namespace, "token_policies": policy,
        });
        self.write(&format!("auth/kubernetes/role/{ROLE}"), &role);
    }

    /// TLS certificate: every client whose certificate this authority signed has the policy.
    pub fn log_in_by_certificate(&self, policy: &str, clients: &Authority) {
        self.enable("cert");
        self.write(&format!("auth/cert/certs/{ROLE}"), &json!({ "certificate": clients.pem(), "token_policies": policy }));
    }

    fn enable(&self, kind: &str) {
        self.write(&format!("sys/auth/{kind}"), &json!({ "type": kind }));
    }
}

/// Signs JWTs (RFC 7519) by ES256.
pub struct Issuer(KeyPair);

impl Issuer {
    pub fn new() -> Self {
        Self(KeyPair::generate().unwrap())
    }

    /// As PEM.
    pub fn public_key(&self) -> String {
        pem::encode(&pem::Pem::new("PUBLIC KEY", self.0.subject_public_key_info()))
    }

    pub fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "ES256", "typ": "JWT" })), part(claims));
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, self.0.serialized_der()).unwrap();
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token that `Vault::log_in_by_jwt` lets in, for five minutes.
    pub fn token(&self) -> String {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        self.sign(&json!({ "sub": "pipeline", "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 300 }))
    }
}

/// What Vault asks of Kubernetes: whether a token is one of its service accounts' (TokenReview). One token is.
pub struct KubernetesApi {
    /// The service account's token.
    pub token: String,
    server: FaultProxy,
}

impl KubernetesApi {
    pub fn start() -> Self {
        let (namespace, name) = SERVICE_ACCOUNT;
        let account = json!({ "namespace": namespace, "serviceaccount": { "name": name, "uid": "account-1" } });
        let token = Issuer::new().sign(&json!({ "sub": format!("system:serviceaccount:{namespace}:{name}"), "kubernetes.io": account }));
        let valid = token.clone();
        let server = FaultProxy::start("http://127.0.0.1:0", move |review| {
            let status = json!({
                "authenticated": review.json()["spec"]["token"] == valid.as_str(),
                "user": { "username": format!("system:serviceaccount:{namespace}:{name}"), "uid": "account-1" },
            });
            Fault::answer(201, &[("Content-Type", "application/json")], &json!({ "kind": "TokenReview", "status": status }).to_string())
        });
        Self { token, server }
    }
}
