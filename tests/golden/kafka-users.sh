#!/bin/sh
# kafka-users.sh of clients/admin: gives the cluster the password of each client. Made by countersign.
# To be run again whenever a sasl.password was changed. Passwords go through a pipe, never through arguments.
# The directory of all holders may be given as an argument, should it not be where it was.
set -eu

directory=${1:-'/srv/pki'}

user() {
    file=$directory/$2
    [ -r "$file" ] || { echo "kafka-users.sh: $file cannot be read" >&2; exit 1; }
    sed -n -e 's/\\/\\\\/g' -e '1s/^/SCRAM-SHA-512=password=/p' "$file" |
        "${KAFKA_CONFIGS:-kafka-configs.sh}" --bootstrap-server 'broker-2.example:9093,broker-3.example:9093' --command-config '/srv/pki/clients/admin/current/client.properties' --alter --entity-type users --entity-name "$1" --add-config-file /dev/stdin
}

user orders clients/orders/current/sasl.password
