#!/bin/sh
# Which Python of this host can run the agent? Prints its path, or a sentence and exit code 3.
# With "any": which one can run the installer, where the bundle carries a Python for the agent?
seen=
if [ "$1" = any ]; then
  oldest=9 newest=99 fitting="3.9 or newer"
else
  oldest=11 newest=13 fitting="3.11, 3.12 or 3.13"
fi
for name in python3 python3.13 python3.12 python3.11 python3.10 python3.9; do
  path=$(command -v "$name") || continue
  version=$("$path" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
  minor=${version#3.}
  case $minor in "" | *[!0-9]*) minor=0 ;; esac
  if [ "$minor" -ge $oldest ] && [ "$minor" -le $newest ]; then
    "$path" -c 'import os, sys; print(os.path.realpath(sys.executable))'
    exit 0
  fi
  seen="${seen:+$seen, }$path is $version"
done
if [ -z "$seen" ]; then
  echo "there is no python3. Install Python $fitting (Debian 12: apt install python3)." >&2
else
  echo "it has no Python $fitting ($seen). Install one beside it." >&2
fi
exit 3
