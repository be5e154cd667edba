package qb::bridge;

# The way to the supervisor: a request a line over a unix socket, and a line for the answer.

use strict;
use warnings;

qb::_load('json');
qb::_load('document');

# As Linux numbers them; Socket would take longer to load than a request takes.
sub AF_UNIX ()     { 1 }
sub SOCK_STREAM () { 1 }
sub EINTR ()       { 4 }
sub EPIPE ()       { 32 }
sub ECONNRESET ()  { 104 }
sub LONGEST ()     { 8 * 1024 * 1024 }

# Connections that wait for their next request, of the process and thread $owner. A request takes one out or opens one,
# so that signal handlers never share one, and a forked process never uses its parent's.
my @idle;
my $owner = '';

sub perform {
    my ($verb, @ids) = @_;
    my @affected = @{ change('perform', { verb => $verb, ids => [ map { flatten($verb, $_) } @ids ] }) };
    return @affected;
}

sub flatten {
    my ($verb, $id) = @_;
    return map { flatten($verb, $_) } @$id if ref $id eq 'ARRAY';
    # As text: only the supervisor's side can tell whether it is an id.
    return "$id" if defined $id && !ref $id;
    my $what = defined $id ? 'a reference to ' . ref $id : 'undef';
    my $forms = "ids are 1001, '1001.2' for a subjob and '1001:NAME' for a work item";
    qb::_fail('ERR_UCB_ARGUMENT', "$verb: $what is no id; $forms");
}

sub change {
    my @request = @_;
    qb::document::outdate();
    return request(@request);
}

sub request {
    my ($method, $params) = @_;
    my $line       = line($method, $params);
    my $connection = take();
    local $SIG{PIPE} = 'IGNORE';
    my $text = exchange($connection, $line);
    local $@;
    my $answer = eval { local $SIG{__DIE__} = 'DEFAULT'; qb::json::decode($text) };
    qb::_fail('ERR_UCB_BRIDGE', "the supervisor's answer cannot be understood: $@") unless ref $answer eq 'HASH';
    push @idle, $connection if defined $answer->{id};
    qb::_fail($answer->{error}{code}, $answer->{error}{message}) if $answer->{error};
    return $answer->{result};
}

sub line {
    my ($method, $params) = @_;
    local $@;
    my $json = eval { local $SIG{__DIE__} = 'DEFAULT'; qb::json::encode($params) };
    if (!defined $json) {
        (my $reason = $@) =~ s/ at \S.*? line [0-9]+\.\n\z//;
        qb::_fail('ERR_UCB_ARGUMENT', "$method: this cannot be sent: $reason");
    }
    # The token comes first: a long request of a stranger is not even read.
    my $token = qb::_variable('UCB_TOKEN');
    my $line  = qq({"token":"$token","id":1,"method":"$method","params":$json}\n);
    my ($length, $longest) = (length $line, LONGEST);
    return $line if $length <= $longest;
    qb::_fail('ERR_UCB_ARGUMENT', "$method: $length bytes are more than the $longest of a request");
}

sub take {
    my $self = $$ . '.' . ($INC{'threads.pm'} ? threads->tid : 0);
    ($owner, @idle) = ($self) if $owner ne $self;
    return pop @idle if @idle;
    my ($path) = qb::_variable('UCB_SOCKET') =~ /^(.*)$/s;
    socket my $connection, AF_UNIX, SOCK_STREAM, 0 or unreachable($!);
    binmode $connection;
    until (connect $connection, pack 'S Z*', AF_UNIX, $path) {
        unreachable($!) unless $! == EINTR;
    }
    return $connection;
}

sub exchange {
    my ($connection, $line) = @_;
    my $sent = 0;
    while ($sent < length $line) {
        my $count = syswrite $connection, $line, length($line) - $sent, $sent;
        if (defined $count) { $sent += $count }
        # The supervisor ended the connection before it read all: it may have said why.
        elsif ($! == EPIPE || $! == ECONNRESET) { last }
        elsif ($! != EINTR)                     { unreachable($!) }
    }
    my $answer = '';
    until (substr($answer, -1) eq "\n") {
        my $count = sysread $connection, $answer, 1 << 16, length $answer;
        if    (!defined $count) { unreachable($!) unless $! == EINTR }
        elsif ($count == 0)     { unreachable('it ended the connection without an answer') }
    }
    return $answer;
}

sub unreachable {
    my ($reason) = @_;
    my $hint = 'it may have ended or been restarted since this callback was started, or this run has ended';
    my $path = qb::_variable('UCB_SOCKET');
    qb::_fail('ERR_UCB_BRIDGE', "the supervisor cannot be reached at $path: $reason ($hint)");
}

1;
