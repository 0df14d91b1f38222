# What {{ who }} must be allowed to do with the files of cluster {{ spec.name }} below {{ vault.mount }}/. Made by countersign.
#
#     vault policy write {% if let Some(namespace) = vault.namespace %}-namespace={{ namespace }} {% endif %}{{ name }} policy.hcl
#
# The token is given back by auth/token/revoke-self, which Vault's policy `default` allows; a role without that policy must allow it, too.
{%- for rule in rules if !rule.paths.is_empty() %}

# {{ rule.why }}
{%- for path in rule.paths %}
path "{{ path }}" {
  capabilities = [{{ rule.capabilities }}]
}
{%- endfor %}
{%- endfor %}

