#!/bin/sh
# Which Python of this host can run the agent? Prints its path, or a sentence and exit code 3.
seen=
for name in python3 python3.13 python3.12 python3.11; do
  path=$(command -v "$name") || continue
  version=$("$path" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
  seen="${seen:+$seen, }$path is $version"
  case $version in
    3.11 | 3.12 | 3.13)
      "$path" -c 'import os, sys; print(os.path.realpath(sys.executable))'
      exit 0
      ;;
  esac
done
if [ -z "$seen" ]; then
  echo "there is no python3. Install Python 3.11, 3.12 or 3.13 (Debian 12: apt install python3)." >&2
else
  echo "it has no Python 3.11, 3.12 or 3.13 ($seen). Install one of them beside it." >&2
fi
exit 3
