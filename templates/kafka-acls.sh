#!/bin/sh
# Allows each client what the cluster file gives it. May be run again: what is there already stays. Made by countersign.
set -eu

allow() {
    "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server {{ bootstrap }} --command-config {{ command_config }} --add "$@"
}

{%- for line in lines %}
allow {{ line }}
{%- endfor %}

