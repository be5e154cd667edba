package qb;

# What a callback may call, loaded when it calls something first. Each has a declaration in qb.pm.

use strict;
use warnings;

sub jobid { return _variable('UCB_JOB_ID') }

# jobinfo("-id", 5, 6, "-status", "running") or jobinfo(id => [5, 6], status => "running"): a job must fit every field
# that is given, the values of a field are alternatives, and an empty list fits nothing. Fields are id, pgrp, status,
# user, name and label; filters => { priority => 9999 } asks for any other. agenda => 1, subjobs => 1 and callbacks => 1
# (or "-agenda" and so on) include what is left out otherwise.
#
# In its first two seconds at most, and until it changes something, a callback gets its own job's record as it was when
# the callback was started, without a round trip; all else is answered by the supervisor.
sub jobinfo { _load('query'); return qb::query::jobinfo(@_) }

# The records of the hosts that fit; hostinfo("-name", "node1") or hostinfo(name => "node1").
sub hostinfo { _load('query'); return qb::query::hostinfo(@_) }

# Hands a new job, a hash reference, to the supervisor and returns its record.
sub submit { _load('bridge'); return qb::bridge::change('submit', { job => $_[0] }) }

# The event that fired this callback: a hash reference of name, type, jobId, extra and text.
sub event { _load('document'); return qb::document::event() }

for my $verb (
    qw(block unblock kill remove retry requeue complete retire fail suspend resume migrate preempt interrupt top bottom
    shove blockwork unblockwork killwork retrywork requeuework completework retirework failwork workblock workunblock
    workkill workretry workrequeue workcomplete)
  )
{
    no strict 'refs';
    *{"qb::$verb"} = sub { _load('bridge'); return qb::bridge::perform($verb, @_) };
}

sub _variable {
    my ($name) = @_;
    return $qb::_variables{$name} if defined $qb::_variables{$name};
    _fail('ERR_UCB_BRIDGE', "$name is not set: qb works in a callback that was started by its supervisor");
}

# Dies as if the line that called into this module had.
sub _fail {
    my ($code, $message) = @_;
    my ($level, $package, $file, $line) = (0);
    do { ($package, $file, $line) = caller $level++ } while defined $package && $package =~ /^qb(?:::|$)/;
    $qb::error_code = $code;
    die defined $package ? "$message at $file line $line.\n" : "$message\n";
}

1;
