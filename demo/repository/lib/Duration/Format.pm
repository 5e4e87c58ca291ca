package Duration::Format;

# The way back: seconds as people read them.

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(format_duration);

# format_duration($seconds): the text that parse_duration reads back.
sub format_duration {
    my ($seconds) = @_;
    return "${seconds}s";
}

1;
