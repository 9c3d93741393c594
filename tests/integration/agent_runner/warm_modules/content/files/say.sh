#!/bin/sh
echo "$PWD $#"
