package qb::document;

# What the run was started with: the document on stdin, or else the environment.

use strict;
use warnings;

qb::_load('json');

# A new copy of the document, or undef where there is none that belongs to this run.
sub document {
    return unless defined $qb::_stdin;
    local $@;
    my $document = eval { local $SIG{__DIE__} = 'DEFAULT'; qb::json::decode($qb::_stdin) };
    return unless ref $document eq 'HASH' && ref $document->{run} eq 'HASH';
    return $document->{run}{id} eq qb::_variable('UCB_RUN_ID') ? $document : undef;
}

# What was decoded and given to nobody yet: whoever is given a part may change it.
my $left = {};

# A new copy of one part of the document, or undef.
sub part {
    my ($name) = @_;
    $left = document() || {} unless exists $left->{$name};
    return delete $left->{$name};
}

# The record of the run's own job while it passes for the present one; else undef.
sub own_record {
    return if time >= $qb::_fresh_until;
    return part('job');
}

# Something was changed: from now on the supervisor is asked.
sub outdate {
    $qb::_fresh_until = 0;
    return;
}

sub event {
    my $event = part('event');
    return $event if $event;
    my ($text, $name, $type, $extra) = map { qb::_variable("UCB_EVENT$_") } '', '_NAME', '_TYPE', '_EXTRA';
    my $job = $type =~ /^global/ ? 0 : (split /-/, $text, 4)[2] + 0;
    return { name => $name, type => $type, jobId => $job, extra => $extra, text => $text };
}

1;
