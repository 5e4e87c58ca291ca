package Duration;

# Durations as people write them: "1h 30m", "45 seconds", "2d".

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(parse_duration);
our $VERSION   = '0.4';

# Seconds in each unit, by every spelling that is accepted.
my %SECONDS = (
    s => 1, sec => 1, second => 1, seconds => 1,
    m => 60, min => 60, minute => 60, minutes => 60,
    h => 3600, hour => 3600, hours => 3600,
    d => 86400, day => 86400, days => 86400,
);

# parse_duration($text): whole seconds, or undef where the text is no duration.
sub parse_duration {
    my ($text) = @_;
    return undef unless defined $text;

    my $rest  = lc $text;
    my $total = 0;
    my $parts = 0;

    while ( $rest =~ s/^\s*(-?\d+(?:\.\d+)?)\s*([a-z]+)\s*// ) {
        my ( $amount, $unit ) = ( $1, $2 );
        return undef unless exists $SECONDS{$unit};
        $total += $amount * $SECONDS{$unit};
        $parts++;
    }
    return undef if $parts == 0 || $rest ne '';
    return int $total;
}

1;
