#!/usr/bin/perl
# WANT_JSON, in Perl.
open(my $file, '<', $ARGV[0]);
my $arguments = join('', <$file>);
$arguments =~ s/"/\\"/g;
print "{\"changed\": false, \"perl\": \"yes\", \"got\": \"", length($arguments) > 0 ? "arguments" : "nothing", "\"}\n";
