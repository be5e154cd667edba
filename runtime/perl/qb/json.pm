package qb::json;

# JSON between the bridge and Perl, in UTF-8 bytes. Written for how a short-lived script starts: loading JSON::PP takes
# longer than most callbacks run.

use strict;
use warnings;
no warnings 'recursion';

my %escapes = (b => "\b", f => "\f", n => "\n", r => "\r", t => "\t", '"' => '"', '\\' => '\\', '/' => '/');
my %escaped = reverse %escapes;
delete $escaped{'/'};

# The value of a text of UTF-8 bytes; dies if it is no JSON.
sub decode {
    for (my $text = $_[0]) {
        pos = 0;
        my $value = value();
        /\G\s*/gc;
        die 'text behind its end' if pos() < length;
        return $value;
    }
}

# All of these go on in $_ from where the last match ended.
sub value {
    # Most texts have nothing escaped.
    return $1 if /\G[ \t\r\n]*"([^"\\]*)"/gc;
    /\G[ \t\r\n]*/gc;
    return string() if /\G"/gc;
    return object() if /\G\{/gc;
    return array()  if /\G\[/gc;
    return $1 + 0   if /\G(-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)/gc;
    return 1        if /\Gtrue/gc;
    return 0        if /\Gfalse/gc;
    return undef    if /\Gnull/gc;
    die 'no value at byte ' . (pos() || 0);
}

sub object {
    my %object;
    return \%object if /\G\s*\}/gc;
    while (1) {
        my $key;
        if (/\G\s*"([^"\\]*)"\s*:/gc) { $key = $1 }
        else {
            /\G\s*"/gc or last;
            $key = string();
            /\G\s*:/gc or last;
        }
        $object{$key} = value();
        next if /\G\s*,/gc;
        return \%object if /\G\s*\}/gc;
        last;
    }
    die 'a malformed object at byte ' . pos;
}

sub array {
    my @array;
    return \@array if /\G\s*\]/gc;
    while (1) {
        push @array, value();
        next if /\G\s*,/gc;
        return \@array if /\G\s*\]/gc;
        die 'a malformed list at byte ' . pos;
    }
}

# What stands behind a quote, up to the next that is not escaped.
sub string {
    my $string = '';
    while (/\G([^"\\]*)(["\\])/gc) {
        $string .= $1;
        return $string if $2 eq '"';
        if    (/\Gu([0-9a-fA-F]{4})/gc) { $string .= character(hex $1) }
        elsif (/\G(["\\\/bfnrt])/gc)    { $string .= $escapes{$1} }
        else                            { last }
    }
    die 'a malformed text at byte ' . pos;
}

# The bytes of a character; half a surrogate pair has none, and becomes what stands for what cannot be shown.
sub character {
    my ($code) = @_;
    if ($code >= 0xd800 && $code < 0xdc00 && /\G\\u([dD][c-fC-F][0-9a-fA-F]{2})/gc) {
        $code = 0x10000 + (($code - 0xd800) << 10) + (hex($1) - 0xdc00);
    }
    my $character = chr($code >= 0xd800 && $code < 0xe000 ? 0xfffd : $code);
    utf8::encode($character);
    return $character;
}

# The value as a text of UTF-8 bytes; dies for what JSON has no word for.
sub encode {
    my ($value) = @_;
    return 'null' unless defined $value;
    my $kind = ref $value;
    return is_number($value) ? number($value) : quote($value) if $kind eq '';
    return '[' . join(',', map { encode($_) } @$value) . ']' if $kind eq 'ARRAY';
    return '{' . join(',', map { quote($_) . ':' . encode($value->{$_}) } sort keys %$value) . '}' if $kind eq 'HASH';
    return ${$value} ? 'true' : 'false' if $kind eq 'SCALAR' || $kind =~ /Boolean$/;
    die "a reference to $kind";
}

# A scalar that was made from a number and never used as text. Anding with a text tells them apart: of two texts it is a
# text, here an empty one, and else a number.
sub is_number {
    my ($value) = @_;
    no warnings 'numeric';
    return !utf8::is_utf8($value) && length($value & '') && $value * 0 == 0;
}

# Perl shows 15 digits, which not every number can do with.
sub number {
    my ($value) = @_;
    my $text = "$value";
    return $text == $value ? $text : sprintf '%.17g', $value;
}

# Characters as they are; bytes as UTF-8 if they can be, else as Latin-1.
sub quote {
    my $text = "$_[0]";
    if (utf8::is_utf8($text)) {
        utf8::encode($text);
    }
    else {
        my $decoded = $text;
        utf8::encode($text) unless utf8::decode($decoded);
    }
    $text =~ s/(["\\\x00-\x1f])/exists $escaped{$1} ? "\\$escaped{$1}" : sprintf '\\u%04x', ord $1/ge;
    return qq{"$text"};
}

1;
