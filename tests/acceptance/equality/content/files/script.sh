#!/bin/sh
echo "script says $*"
echo "to stderr" >&2
