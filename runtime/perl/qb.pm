package qb;

# What a callback asks its supervisor; loaded with -Mqb, so that a script may use it with and without `use qb;`.
#
#     my ($job) = qb::jobinfo("-id", $qb::jobid);
#     qb::unblock($job->{id});
#     qb::workretry("$job->{id}:frame 17");
#
# Calls return lists; in scalar context, how many there are. Whatever goes wrong dies with "... at script.pl line N.",
# and $qb::error_code then holds a stable code: ERR_UCB_ACTION, ERR_UCB_ARGUMENT, ERR_UCB_BRIDGE.
#
# Text comes from the supervisor as UTF-8 bytes, as file names and the environment do in Perl: what a script prints is
# right without any layer, and a script that works with characters decodes. Text to the supervisor may be either. Of
# JSON's values, true and false become 1 and 0, and null becomes undef; \1 and \0 say true and false.

use strict;    # and no warnings here: they cost every start of a script more than all the rest

# Qube counts seconds from this Unix time on.
our $QB_TIME_EPOCH_OFFSET = 946702800;
sub QB_TIME_EPOCH_OFFSET () { $QB_TIME_EPOCH_OFFSET }

# The id of the job this callback runs for; 0 for a global time event; undef in a script that is no callback.
our $jobid;
# The event that fired this callback, as event() returns it; read on first use, because most scripts do without.
our $event;
our $error_code;

# As it was at the start: a script may change its environment.
our %_variables;
our $_folder = __FILE__ =~ m{^(.*)/[^/]*$}s ? $1 : '.';
# Until this time, the record on stdin passes for the present one.
our $_fresh_until;
our $_stdin;

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

{
    package qb::_event;

    sub TIESCALAR { my ($class) = @_; return bless [], $class }

    sub FETCH {
        my ($self) = @_;
        $self->[0] = defined $qb::_variables{UCB_RUN_ID} ? qb::event() : undef unless @$self;
        return $self->[0];
    }

    sub STORE { my ($self, $value) = @_; $self->[0] = $value; return }
}
tie $event, 'qb::_event';

our @_places;

# The rest of this module, when it is needed first, and whatever the script did to @INC.
sub _load {
    my $file = "qb/$_[0].pm";
    return if $INC{$file};
    local ($@, $!, $_);
    local $SIG{__DIE__} = 'DEFAULT';
    local @INC = @_places;
    require "$_folder/$file";
    $INC{$file} = delete $INC{"$_folder/$file"};
    return;
}

sub _variable {
    my ($name) = @_;
    return $_variables{$name} if defined $_variables{$name};
    _fail('ERR_UCB_BRIDGE', "$name is not set: qb works in a callback that was started by its supervisor");
}

# Dies as if the line that called into this module had.
sub _fail {
    my ($code, $message) = @_;
    my ($level, $package, $file, $line) = (0);
    do { ($package, $file, $line) = caller $level++ } while defined $package && $package =~ /^qb(?:::|$)/;
    $error_code = $code;
    die defined $package ? "$message at $file line $line.\n" : "$message\n";
}

# What stdin holds if it is a file, read through a description of its own: the offset from which the script reads stays.
sub _slurp {
    local $!;
    return unless defined $_variables{UCB_RUN_ID} && -f STDIN;
    open my $file, '<:raw', '/proc/self/fd/0' or return;
    local $/;
    return scalar readline $file;
}

# A run begins; in the fork of an interpreter that was started for others, too, which has read stdin already.
sub _adopt {
    ($jobid) = defined $ENV{UCB_JOB_ID} ? $ENV{UCB_JOB_ID} =~ /^([0-9]+)$/ : ();
    %_variables = map { substr($_, 0, 4) eq 'UCB_' ? ($_ => $ENV{$_}) : () } keys %ENV;
    $_fresh_until = time + 2;
    $_stdin       = @_ ? $_[0] : _slurp();
    return;
}

_adopt();
# The folder of this module is none of the script's.
@_places = @INC = grep { ref || $_ ne $_folder } @INC;
# Output is in the log as soon as it is printed.
$| = 1;

1;
