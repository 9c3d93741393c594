#!/bin/sh
# WANT_JSON: a module that is no Python; it gets a file of JSON as its argument.
printf '{"changed": false, "interpreter": "sh", "arguments": %s}\n' "$(cat "$1")"
