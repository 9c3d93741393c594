#!/bin/sh
# A module that is no Python and gets a file of key=value.
. "$1"
echo "{\"changed\": true, \"said\": \"$word\", \"count\": ${count:-0}}"
