# Takes the date of making out of a type library that widl wrote (its text and its number), so that
# equal sources make equal files. usage: perl undate-tlb.pl FILE.tlb
use strict;
use warnings;
local $/;
my $file = shift or die "usage: undate-tlb.pl FILE.tlb\n";
open(my $in, '<:raw', $file) or die "$file: $!\n";
my $bytes = <$in>;
close($in);
$bytes =~ s/( at )\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}(\n.{0,8}?\x13\x00).{4}/${1}Thu Jan  1 00:00:00 1970$2\0\0\0\0/s
    or die "$file: no date where widl writes one\n";
open(my $out, '>:raw', $file) or die "$file: $!\n";
print $out $bytes;
close($out) or die "$file: $!\n";
