#!/bin/sh
# kafka-users.sh of {{ holder.id }}: gives the cluster the password of each client. Made by countersign.
# To be run again whenever a sasl.password was changed. Passwords go through a pipe, never through arguments.
# The directory of all holders may be given as an argument, should it not be where it was.
set -eu

directory=${1:-{{ root }}}

user() {
    file=$directory/$2
    [ -r "$file" ] || { echo "kafka-users.sh: $file cannot be read" >&2; exit 1; }
    sed -n -e 's/\\/\\\\/g' -e '1s/^/{{ mechanism }}=password=/p' "$file" |
        "${KAFKA_CONFIGS:-kafka-configs.sh}" --bootstrap-server {{ bootstrap }} --command-config {{ command_config }} --alter --entity-type users --entity-name "$1" --add-config-file /dev/stdin
}
{% for user in users %}
user {{ user.name }} {{ user.file }}
{%- endfor %}

