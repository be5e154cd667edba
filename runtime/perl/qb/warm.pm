package qb::warm;

# A warm interpreter: has everything loaded, and forks for each run of a callback.
#
# Started by the launcher as `perl -I... -Mqb::warm fork.pl [MODULE ...]`, the modules being what it preloads, with
# one end of a socket pair as descriptor 3. When Perl has opened fork.pl and before it reads the first line, it loads this
# module, which forks from then on and never returns in the host. In a fork that became a run it does return; Perl then reads its
# program as ever, but the file it reads by then is the script of the callback: #! line, BEGIN blocks, __DATA__, END blocks
# and all the rest are what they are in a cold run.
#
# The parent of a fork is the launcher's process. runtime/python/ucb_warm/host.py says what travels over the socket.

use strict;
use warnings;
use Config ();

# What is found out here need not be found out in each fork.
BEGIN { $ENV{PERL_DL_NONLAZY} = 1 }
use Filter::Util::Call ();
BEGIN { delete $ENV{PERL_DL_NONLAZY} }
use qb ();

sub CHANNEL ()             { 3 }
sub CLONE_PARENT ()        { 0x00008000 }
sub CLONE_CHILD_CLEARTID () { 0x00200000 }
sub CLONE_CHILD_SETTID ()  { 0x01000000 }
sub SIGCHLD ()             { 17 }
sub EINTR ()               { 4 }
sub WNOHANG ()             { 1 }
sub PR_SET_NAME ()         { 15 }
sub PR_GET_TID_ADDRESS ()  { 40 }
sub POLLIN ()              { 0x0001 }
sub POLLRDHUP ()           { 0x2000 }
sub MSG_NOSIGNAL ()        { 0x4000 }
sub MSG_CMSG_CLOEXEC ()    { 0x40000000 }
sub SCHED_OTHER ()         { 0 }
sub SCHED_BATCH ()         { 3 }
sub RLIMIT_FSIZE ()        { 1 }
sub RLIMIT_NOFILE ()       { 7 }
sub RLIMIT_AS ()           { 9 }
sub O_CLOEXEC ()           { 02000000 }
sub AF_UNIX ()             { 1 }
sub SOCK_STREAM ()         { 1 }
sub SOCK_CLOEXEC ()        { 02000000 }
sub SOL_SOCKET ()          { 1 }
sub SCM_RIGHTS ()          { 1 }
sub LONGEST_PACKET ()      { 16384 }
# So many forks wait, as in Python's host.
sub SPARE ()               { 4 }

# Numbers of system calls: Perl's own functions for these would take POSIX and Socket, or cannot do it.
my %numbers = (
    x86_64  => { recvmsg => 47, sendto => 44, clone => 56, prctl => 157, dup3 => 292, close => 3, setsid => 112,
        exit_group => 231, fcntl => 72, prlimit64 => 302, read => 0, write => 1, pread64 => 17, process_vm_writev => 311, wait4 => 61,
        socketpair => 53, ppoll => 271, sched_getscheduler => 145, sched_setscheduler => 144 },
    aarch64 => { recvmsg => 212, sendto => 206, clone => 220, prctl => 167, dup3 => 24, close => 57, setsid => 157,
        exit_group => 94, fcntl => 25, prlimit64 => 261, read => 63, write => 64, pread64 => 67, process_vm_writev => 271, wait4 => 260,
        socketpair => 199, ppoll => 73, sched_getscheduler => 120, sched_setscheduler => 119 },
);
my ($machine) = $Config::Config{archname} =~ /^(x86_64|aarch64)/;
my $call = $machine ? $numbers{$machine} : undef;

# The kernel writes into these, so each is a copy of its own.
my $packet  = "\0" x LONGEST_PACKET;
my $control = "\0" x 64;
substr $_, 0, 1, "\0" for $packet, $control;
my $vector        = pack 'J J', address($packet), length $packet;
my $message       = pack 'J L x4 J J J J l x4', 0, 0, address($vector), 1, address($control), length $control, 0;
my $start         = "\0" x 512;
my $taken         = "\0" x 8;
substr $taken, 0, 1, "\0";
my ($watched, $inner, $outer, $policy);

my $served;
my $source;    # the descriptor from which Perl reads its program
my $thread;    # where the C library keeps the thread's id
my ($shown_at, $shown_room);
my $preloaded;
my ($modules, $symbols);    # how many there are before a run
my @ballast;
my $begun;
my $hook;

sub import {
    # Perl does its -M once more for a script whose first line says -n or -p.
    return if $served++;
    # Without it there would be no way to answer, and nothing to end with.
    die "this machine ($Config::Config{archname}) is none that scripts can be forked on\n" unless $call;
    eval { prepare(splice @ARGV); 1 } or do {
        my $reason = "$@" || 'it ends the interpreter';
        $reason =~ s/\s+\z//;
        answer('E', substr $reason, 0, 4000);
        leave(1);
    };
    settle();
    answer('R');
    serve();
    return;
}

sub prepare {
    my @modules = @_;
    no warnings 'once';
    syscall $call->{fcntl}, CHANNEL, 2, 1;
    die "this Perl has no 64-bit pointers\n" if length pack('J', 0) != 8 || $Config::Config{ptrsize} != 8;
    my ($major, $minor) = ($Config::Config{gnulibc_version} || '9.9') =~ /^(\d+)\.(\d+)/;
    # Older ones remember the process's id and would give the parent's.
    die "the C library is version $major.$minor, and 2.25 is the least\n" if $major * 1000 + $minor < 2025;
    my $address = pack 'J', 0;
    syscall($call->{prctl}, PR_GET_TID_ADDRESS, $address, 0, 0, 0) == 0
      or die "the kernel does not tell where the C library keeps the thread's id: $!\n";
    $thread = unpack 'J', $address;
    $source = source();
    open my $stat, '<', '/proc/self/stat' or die "/proc/self/stat: $!\n";
    my @fields = split ' ', (readline($stat) =~ /.*\)(.*)/s)[0];
    ($shown_at, $shown_room) = ($fields[47] + 0, $fields[48] - $fields[47]);
    qb::_load($_) for qw(calls json document query bridge);
    for my $module (@modules) {
        (my $path = "$module.pm") =~ s{::}{/}g;
        eval { require $path; 1 } or die "preload: $module cannot be loaded: $@";
        opendir my $tasks, '/proc/self/task' or die "/proc/self/task: $!\n";
        die "preload: $module starts a thread, which a fork would not have\n" if grep({ !/^\./ } readdir $tasks) > 1;
    }
    $preloaded = @modules;
    # From now on nobody reads what is said while modules are loaded. The host keeps no file and no folder of anybody.
    open my $null, '+<', '/dev/null' or die "/dev/null: $!\n";
    duplicate(fileno $null, $_, 0) for 0, 1, 2;
    chdir '/';
    open_inner();
    $policy = syscall $call->{sched_getscheduler}, 0;
    return;
}

# How forks reach the host, and what it waits for.
sub open_inner {
    my $ends = pack 'l l', 0, 0;
    syscall($call->{socketpair}, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, $ends) == 0 or die "socketpair: $!\n";
    ($inner, $outer) = unpack 'l l', $ends;
    $watched = pack 'l s S l s S', $inner, POLLIN, 0, CHANNEL, POLLRDHUP, 0;
    return;
}

sub settle {
    $modules        = keys %INC;
    $symbols        = keys %main::;
    %ENV            = ();
    %qb::_variables = ();
    # Loading modules has left free pieces all over the memory, and each that a fork used would be a page to copy. They are
    # given away here, so that what is needed from now on lies together.
    my $end  = address('x' x 65536);
    my $most = 5000;
    for (my $size = 4096; $size >= 16; $size -= 16) {
        my $piece;
        push @ballast, $piece while address($piece = 'x' x ($size - 8)) < $end && $most-- > 0;
    }
    for (1 .. 100) {
        my ($number, $float, $both, $magical) = ($_, $_ + 0.5, "$_", "$_");
        $float .= '';
        $both  += 0;
        pos($magical) = 0;
        push @ballast, \$number, \$float, \$both, \$magical, [], {}, [0], { 1 => 1 }, sub { $number };
    }
    return;
}

# Perl has opened it, and nothing of it is read yet.
sub source {
    opendir my $folder, '/proc/self/fd' or die "/proc/self/fd: $!\n";
    for my $descriptor (grep { !/^\./ } readdir $folder) {
        my $path = readlink "/proc/self/fd/$descriptor";
        return $descriptor + 0 if defined $path && $path =~ m{/fork\.pl\z};
    }
    die "Perl has not opened its program before its modules\n";
}

# Forks for as long as forks are needed; returns in forks only, once they are runs. A fork that takes a request says so over
# a socket pair of their own. The host itself touches as little as it can: each page it writes to after a fork is copied first, and a fork has to
# touch what it needs in any case.
sub serve {
    my $wanted = SPARE;
    # It must not interrupt the very run that it makes way for.
    schedule(SCHED_BATCH) if $policy == SCHED_OTHER;
    while (1) {
        for (1 .. $wanted) {
            my $pid = fork_for_parent();
            return begin() if $pid == 0;
            if ($pid < 0) {
                answer('E', "clone: $!");
                leave(1);
            }
            answer('P', $pid);
        }
        while (syscall($call->{ppoll}, $watched, 2, 0, 0, 0) < 0) { $! == EINTR or leave(1) }
        leave(0) if vec $watched, 7, 16;
        $wanted = syscall $call->{read}, $inner, $taken, length $taken;
    }
}

sub schedule {
    my ($wanted) = @_;
    my $none = pack 'l', 0;
    syscall $call->{sched_setscheduler}, 0, $wanted, $none;
    return;
}

# In a fork, which is a run from the moment it says so. What goes wrong until then is found again, and told, by a cold run.
sub begin {
    # Now: the system may give each session its share of the processors, and a host has but one.
    syscall $call->{setsid};
    schedule(SCHED_OTHER) if $policy == SCHED_OTHER;
    syscall $call->{close}, $inner;
    my $size = receive();
    my ($ticket, $letters, $body) = split /\0/, substr($packet, 0, $size), 3;
    my %files;
    my @descriptors = received();
    @files{ split //, $letters } = @descriptors;
    my ($script, $limits, $time);
    if (!eval { ($script, $limits, $time) = become($body, \%files); 1 }) {
        my $reason = "$@";
        $reason =~ s/\s+\z//;
        answer('C', $ticket, $$, substr $reason, 0, 4000);
        have_another();
        leave(1);
    }
    syscall $call->{close}, $_ for @descriptors;
    present($ticket, $script, $limits, $time);
    return;
}

# Tells the host that this fork waits no more. Not before it has begun, so that it does not share a processor with the making
# of the next; and whether the host still is there is no matter to this run.
sub have_another {
    syscall $call->{sendto}, $outer, $taken, 1, MSG_NOSIGNAL, 0, 0;
    syscall $call->{close}, $outer;
    return;
}

# Makes this process what a cold run would be. Returns the script's path, the limits it has, and when it was asked for.
sub become {
    my ($body, $files) = @_;
    $body = read_all($files->{p}) if exists $files->{p};
    my ($count, $limits, $time, $folder, @strings) = split /\0/, $body, -1;
    pop @strings;
    my @arguments = splice @strings, 0, $count;
    shift @arguments;
    shift @arguments while @arguments && substr($arguments[0], 0, 1) eq '-';
    my $script = shift @arguments;
    die "there is no script to run\n" unless defined $script;
    die "its path cannot stand in a #line directive\n" if index($script, '"') >= 0 || index($script, "\n") >= 0;
    chdir $folder or die "$folder: $!\n";
    if (exists $files->{s}) {
        # What was checked is what is run, whatever has its path by now.
        duplicate($files->{s}, $source, O_CLOEXEC);
    }
    else {
        open my $file, '<', $script or die "$script: $!\n";
        die "$script is no file\n" unless -f $file;
        duplicate(fileno $file, $source, O_CLOEXEC);
    }
    refuse_switches();
    duplicate($files->{i}, 0, 0) if exists $files->{i};
    if (exists $files->{o}) {
        duplicate($files->{o}, 1, 0);
        duplicate($files->{o}, 2, 0);
    }
    %ENV  = map { split /=/, $_, 2 } @strings;
    @ARGV = @arguments;
    qb::_adopt(slurp());
    return $script, $limits, $time;
}

# What stdin holds if it is a file, without moving the offset from which the script will read.
sub slurp {
    my $size = -s STDIN or return '';
    my $text = "\0" x $size;
    my $read = syscall $call->{pread64}, 0, $text, $size, 0;
    return $read == $size ? $text : undef;
}

# Perl takes the values of -s from the command line, which is not the run's.
sub refuse_switches {
    my $size = syscall $call->{pread64}, $source, $start, length $start, 0;
    my $at = substr($start, 0, 3) eq "\xef\xbb\xbf" ? 3 : 0;
    return if $size < $at + 2 || substr($start, $at, 2) ne '#!';
    return if substr($start, $at, $size - $at) !~ /\A#!.*?perl\S*[ \t]+(-.*)/;
    for my $cluster (split ' ', $1) {
        die "its first line has the switch -s\n" if $cluster =~ /^-[^CImMdDFixV]*s/;
    }
    return;
}

sub present {
    my ($ticket, $script, $limits, $time) = @_;
    my $placeholder = $0;
    $0 = $script;
    # Setting it has named the process after the script, too.
    my $name = ($^X =~ m{([^/]*)\z})[0] . "\0";
    syscall $call->{prctl}, PR_SET_NAME, $name, 0, 0, 0;
    # Whoever hears of the run can find it, then; and before its limits, which could be too narrow for that.
    my $shown = "UCB_BEGAN_AT=$time\0";
    for (qw(UCB_RUN_ID UCB_ATTEMPT UCB_TOKEN)) { $shown .= "$_=$qb::_variables{$_}\0" if defined $qb::_variables{$_} }
    show($shown) if length $shown <= $shown_room;
    limit(split / /, $limits) if $limits ne '';
    answer('S', $ticket, $$);
    syscall $call->{close}, CHANNEL;
    have_another();
    $begun = 1;
    # What Perl does at its start.
    $^T = time;
    srand if $preloaded;
    # One message has the name that Perl was given at its start, whatever became of it since.
    $hook = $SIG{__DIE__} = sub {
        my ($error) = @_;
        die $error if !ref $error && $error =~ s/^Execution of \Q$placeholder\E aborted/Execution of $script aborted/m;
    };
    Filter::Util::Call::filter_add(
        sub {
            Filter::Util::Call::filter_del();
            $_ = qq{#line 1 "$script"\n};
            return 1;
        }
    );
    return;
}

# Lets the system show what the run is, where it shows what a process was started with; and since when, as a fork is older
# than its run. After $0 was set, which uses the
# same memory.
sub show {
    my ($text) = @_;
    my $length = length $text;
    my $from   = pack 'P J', $text, $length;
    my $to     = pack 'J J', $shown_at, $length;
    # The number as a number: syscall takes anything else for a text.
    return if syscall($call->{process_vm_writev}, $$ + 0, $from, 1, $to, 1, 0) == $length;
    # Some containers do not allow it.
    pipe my $reader, my $writer or return;
    syscall $call->{write}, fileno $writer, $text, $length;
    syscall $call->{read}, fileno $reader, $shown_at, $length;
    close $reader;
    close $writer;
    return;
}

sub limit {
    my ($nice, $memory, $files, $file_size) = @_;
    for ([ RLIMIT_AS, $memory ], [ RLIMIT_NOFILE, $files ], [ RLIMIT_FSIZE, $file_size ]) {
        my ($kind, $value) = @$_;
        next if $value eq '-';
        my $present = pack 'J J', 0, 0;
        syscall $call->{prlimit64}, 0, $kind, 0, $present;
        my (undef, $most) = unpack 'J J', $present;
        my $wanted = pack 'J J', (($value < $most ? $value : $most)) x 2;
        syscall $call->{prlimit64}, 0, $kind, $wanted, 0;
    }
    setpriority 0, 0, getpriority(0, 0) + $nice if $nice;
    return;
}

# Runs last of all END blocks. Perl would take apart now all that a fork shares with its host, and so copy it: that is as
# much again as most scripts cost. Where nobody can see it, it is left out: without modules, packages, functions and global
# variables of the script's own no destructor can be called, and without processes of its own none is waited for.
END {
    if ($begun && !$preloaded && !$^W && !defined $^I && $modules == keys %INC && $symbols == keys %main::) {
        my $status = $?;
        no warnings;
        local ($\, $,);
        # Fails, but not before it has written what is left in the buffers of all files.
        { exec { '' } '' }
        # Nothing of what was printed is lost, and no process is there to be waited for.
        leave($status) if print({*STDOUT} '') && syscall($call->{wait4}, -1, 0, WNOHANG, 0) < 0;
        $? = $status;
    }
}

# The program is compiled.
INIT {
    delete $SIG{__DIE__} if $hook && ref $SIG{__DIE__} && $SIG{__DIE__} == $hook;
}

sub fork_for_parent {
    my $flags = CLONE_PARENT | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD;
    my @places = $machine eq 'x86_64' ? ($thread, 0) : (0, $thread);
    return syscall $call->{clone}, $flags, 0, 0, @places;
}

# Puts a packet and its descriptors into their places, and returns its size. Ends the fork when there will be none.
sub receive {
    my $size = -1;
    do { $size = syscall $call->{recvmsg}, CHANNEL, $message, MSG_CMSG_CLOEXEC } while $size < 0 && $! == EINTR;
    return $size if $size > 0;
    answer('X', $$);
    leave(0);
}

# The descriptors that came with the packet.
sub received {
    return if (unpack 'J L x4 J J J J', $message)[5] < 16;
    my ($length, $level, $type) = unpack 'J l l', $control;
    return unless $level == SOL_SOCKET && $type == SCM_RIGHTS;
    return unpack 'l*', substr $control, 16, $length - 16;
}

sub address { return unpack 'J', pack 'P', $_[0] }

sub answer {
    my $packet = join "\0", @_;
    # Where nobody is left to hear it, the host and a fork that nobody knows of have no purpose.
    leave(1) if syscall($call->{sendto}, CHANNEL, $packet, length $packet, MSG_NOSIGNAL, 0, 0) < 0;
    return;
}

sub duplicate {
    my ($from, $to, $flags) = @_;
    syscall($call->{dup3}, $from + 0, $to + 0, $flags) >= 0 or die "dup3: $!\n";
    return;
}

sub read_all {
    my ($descriptor) = @_;
    open my $file, '<:raw', "/proc/self/fd/$descriptor" or die "the request cannot be read: $!\n";
    local $/;
    return scalar readline $file;
}

sub leave { syscall $call->{exit_group}, $_[0] }

1;
