use strict;
use warnings;
use Test::More;
use Duration qw(parse_duration);

is( parse_duration('90s'),      90,    'seconds' );
is( parse_duration('1h 30m'),   5400,  'hours and minutes' );
is( parse_duration('2 days'),   172800, 'long names' );
is( parse_duration('1.5h'),     5400,  'fractions' );
is( parse_duration('soon'),     undef, 'no duration' );
is( parse_duration('5 parsec'), undef, 'unknown unit' );
is( parse_duration(undef),      undef, 'nothing' );

done_testing;
