#!/bin/sh
# kafka-acls.sh of clients/admin: allows each client what the cluster file gives it. Made by countersign.
# May be run again: what is there already stays.
set -eu

allow() {
    "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server 'broker-2.example:9094,broker-3.example:9094' --command-config '/srv/pki/clients/admin/current/client.properties' --add "$@"
}

allow --allow-principal 'User:CN=orders,O=Acme\, Inc.,C=DE' --operation Write --operation Describe --topic 'orders'
allow --allow-principal 'User:CN=orders,O=Acme\, Inc.,C=DE' --operation Read --operation Describe --topic 'payments' --topic 'refunds'
allow --allow-principal 'User:CN=orders,O=Acme\, Inc.,C=DE' --operation Read --group 'orders'
allow --allow-principal 'User:CN=orders,O=Acme\, Inc.,C=DE' --operation Read --operation Write --operation Describe --topic 'countersign-verify'
allow --allow-principal 'User:CN=orders,O=Acme\, Inc.,C=DE' --operation Read --operation Write --operation Describe --topic 'countersign-verify-' --resource-pattern-type prefixed
