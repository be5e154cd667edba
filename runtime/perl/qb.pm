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
#
# Every script that is started pays for what stands here, so that is little: what can be called is in qb/calls.pm, and
# neither strict nor warnings are loaded (a test compiles it with both).

our ($jobid, $event, $error_code, %_variables, $_fresh_until, $_stdin, @_places);

# jobid: the id of the job this callback runs for; 0 for a global time event; undef in a script that is no callback.
# event: the event that fired this callback, as event() returns it; read on first use, because most scripts do without.
# _variables: as they were at the start, because a script may change its environment.
# _fresh_until: until this time, the record on stdin passes for the present one.

# Qube counts seconds from this Unix time on.
our $QB_TIME_EPOCH_OFFSET = 946702800;
our $_folder = substr __FILE__, 0, rindex __FILE__, '/';

sub QB_TIME_EPOCH_OFFSET () { $QB_TIME_EPOCH_OFFSET }
sub jobid; sub jobinfo; sub hostinfo; sub submit; sub event; sub _variable; sub _fail;
sub block; sub unblock; sub kill; sub remove; sub retry; sub requeue; sub complete; sub retire; sub fail; sub suspend;
sub resume; sub migrate; sub preempt; sub interrupt; sub top; sub bottom; sub shove; sub blockwork; sub unblockwork;
sub killwork; sub retrywork; sub requeuework; sub completework; sub retirework; sub failwork; sub workblock;
sub workunblock; sub workkill; sub workretry; sub workrequeue; sub workcomplete;
sub import   { }
sub unimport { }

our $AUTOLOAD;

sub AUTOLOAD {
    my $name = $AUTOLOAD;
    _load('calls');
    goto &$name if defined &$name;
    my (undef, $file, $line) = caller;
    die "Undefined subroutine &$name called at $file line $line.\n";
}

sub qb::_event::TIESCALAR { return bless [], 'qb::_event' }

sub qb::_event::FETCH {
    my ($self) = @_;
    $self->[0] = defined $_variables{UCB_RUN_ID} ? event() : undef unless @$self;
    return $self->[0];
}

sub qb::_event::STORE { my ($self, $value) = @_; $self->[0] = $value; return }
tie $event, 'qb::_event';

# The rest, when it is needed first, and whatever the script did to @INC.
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
