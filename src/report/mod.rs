//! Floor 6: findings as JSON, JUnit, SARIF, GitHub annotations, Nagios and Prometheus text. Pure.
