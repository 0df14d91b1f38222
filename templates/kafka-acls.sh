#!/bin/sh
# kafka-acls.sh of {{ holder.id }}: allows each client what the cluster file gives it. Made by countersign.
# May be run again: what is there already stays.
set -eu

allow() {
    "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server {{ bootstrap }} --command-config {{ command_config }} --add "$@"
}
{% for line in lines %}
allow {{ line }}
{%- endfor %}

