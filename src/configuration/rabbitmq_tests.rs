//! Rules about RabbitMQ, each with what it finds and what it leaves alone.

use super::tests::{RABBITMQ, assert_found};

#[test]
fn rabbitmq() {
    assert_found(
        RABBITMQ,
        &[
            (&["-listeners.tcp"], &["2 plain-listener-open"]),
            (&["listeners.tcp.default = 5672", "-listeners.tcp"], &["9 plain-listener-open"]),
            (&["-listeners.ssl.default"], &["4 tls-options-unused"]),
            (&["-ssl_options.keyfile"], &["2 tls-options-incomplete"]),
            (&["-ssl_options.cacertfile"], &["2 tls-options-incomplete"]),
            (&["ssl_options.verify = verify_none"], &["6 clients-unverified", "7 demanded-and-unverified"]),
            (&["ssl_options.fail_if_no_peer_cert = false"], &["7 client-may-show-none"]),
            (&["-ssl_options.fail_if_no_peer_cert"], &["6 client-may-show-none"]),
            (&["ssl_options.depth = 0"], &["9 depth-zero"]),
            (&["listeners.ssl.default = [::1]:5671"], &["2 bad-listener-address"]),
            (&["listeners.ssl.default = rabbit-1.example:5671"], &["2 bad-listener-address"]),
            (&["listeners.ssl.default = ::1:5671"], &[]),
            (&["ssl_options.password = secret"], &["9 password-in-plain"]),
        ],
    );
}

#[test]
fn rabbitmq_logins() {
    assert_found(
        RABBITMQ,
        &[
            (&["ssl_cert_login_from = common_name"], &["9 external-not-offered"]),
            (&["auth_mechanisms.1 = EXTERNAL"], &["9 external-needs-plugin"]),
            (
                &["auth_mechanisms.1 = EXTERNAL", "ssl_options.verify = verify_none", "-ssl_options.fail_if_no_peer_cert"],
                &["6 clients-unverified", "9 external-needs-plugin", "9 external-without-verify"],
            ),
            (&["ssl_cert_login_san_type = dns"], &["9 login-by-san-type"]),
            (&["auth_ldap.ssl_options.verify = verify_none"], &["9 outgoing-unverified"]),
        ],
    );
}
