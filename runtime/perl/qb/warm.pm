package qb::warm;

# A warm interpreter: has everything loaded, and forks for each run of a callback.
#
# Started by the launcher as `perl -I... -Mqb::warm fork.pl [MODULE ...]`, the modules being what it preloads, with
# one end of a socket pair as descriptor 3. When Perl has opened fork.pl and before it reads the first line, it loads this
# module, which answers requests from then on and never returns in the host. In a fork it does return; Perl then reads its
# program as ever, but the file it reads by then is the script of the callback: #! line, BEGIN blocks, __DATA__, END blocks
# and all the rest are what they are in a cold run.
#
# The parent of a fork is the launcher's process. runtime/python/ucb_warm/host.py says what travels over the socket.

use strict;
use warnings;
use Config ();
use Filter::Util::Call ();
use qb ();

sub CHANNEL ()             { 3 }
sub CLONE_PARENT ()        { 0x00008000 }
sub CLONE_CHILD_CLEARTID () { 0x00200000 }
sub CLONE_CHILD_SETTID ()  { 0x01000000 }
sub SIGCHLD ()             { 17 }
sub EINTR ()               { 4 }
sub PR_SET_NAME ()         { 15 }
sub PR_GET_TID_ADDRESS ()  { 40 }
sub MSG_NOSIGNAL ()        { 0x4000 }
sub MSG_CMSG_CLOEXEC ()    { 0x40000000 }
sub RLIMIT_FSIZE ()        { 1 }
sub RLIMIT_NOFILE ()       { 7 }
sub RLIMIT_AS ()           { 9 }
sub O_CLOEXEC ()           { 02000000 }
sub SOL_SOCKET ()          { 1 }
sub SCM_RIGHTS ()          { 1 }
sub LONGEST_PACKET ()      { 16384 }

# Numbers of system calls: Perl's own functions for these would take POSIX and Socket, or cannot do it.
my %numbers = (
    x86_64  => { recvmsg => 47, sendto => 44, clone => 56, prctl => 157, dup3 => 292, close => 3, setsid => 112,
        exit_group => 231, fcntl => 72, prlimit64 => 302, read => 0, write => 1 },
    aarch64 => { recvmsg => 212, sendto => 206, clone => 220, prctl => 167, dup3 => 24, close => 57, setsid => 157,
        exit_group => 94, fcntl => 25, prlimit64 => 261, read => 63, write => 64 },
);
my ($machine) = $Config::Config{archname} =~ /^(x86_64|aarch64)/;
my $call = $machine ? $numbers{$machine} : undef;

# The kernel writes into these, so each is a copy of its own.
my $packet  = "\0" x LONGEST_PACKET;
my $control = "\0" x 64;
substr $_, 0, 1, "\0" for $packet, $control;
my $vector = pack 'J J', address($packet), length $packet;

my $served;
my $source;    # the descriptor from which Perl reads its program
my $null;
my $thread;    # where the C library keeps the thread's id
my $seeds;
my ($shown_at, $shown_room);
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
    be_nobody();
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
    open my $file, '+<', '/dev/null' or die "/dev/null: $!\n";
    $null = $file;
    qb::_load($_) for qw(json document query bridge);
    for my $module (@modules) {
        (my $path = "$module.pm") =~ s{::}{/}g;
        eval { require $path; 1 } or die "preload: $module cannot be loaded: $@";
        opendir my $tasks, '/proc/self/task' or die "/proc/self/task: $!\n";
        die "preload: $module starts a thread, which a fork would not have\n" if grep({ !/^\./ } readdir $tasks) > 1;
    }
    $seeds = @modules;
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

# Answers requests for as long as there are any; returns in forks only.
sub serve {
    while (1) {
        my ($packet, @descriptors) = receive();
        my ($ticket, $letters, $body) = split /\0/, $packet, 3;
        my %files;
        @files{ split //, $letters } = @descriptors;
        my $pid = eval {
            local ($@, $!);
            my ($script, $limits) = eval { become($body, \%files) };
            my $error = $@;
            syscall $call->{close}, $_ + 0 for @descriptors;
            die $error unless defined $script;
            my $made = fork_for_parent();
            if ($made == 0) {
                begin($ticket, $script, $limits);
            }
            $made;
        };
        if (!defined $pid) {
            my $reason = $@;
            $reason =~ s/\s+\z//;
            answer('C', $ticket, substr $reason, 0, 4000);
        }
        elsif ($pid == 0) { return }
        else              { answer('N', $ticket, $pid) }
        be_nobody();
    }
}

# Makes this process what its fork shall be, since it shares all it has. What goes wrong here is found again, and told, by
# a cold run. Returns the script's path and the limits it has.
sub become {
    my ($body, $files) = @_;
    $body = read_all($files->{p}) if exists $files->{p};
    my ($count, $limits, $folder, @strings) = split /\0/, $body, -1;
    pop @strings;
    my @arguments = splice @strings, 0, $count;
    shift @arguments;
    shift @arguments while @arguments && $arguments[0] =~ /^-/;
    my $script = shift @arguments;
    die "there is no script to run\n" unless defined $script;
    die "its path cannot stand in a #line directive\n" if $script =~ /["\n]/;
    chdir $folder or die "$folder: $!\n";
    open my $file, '<', $script or die "$script: $!\n";
    die "$script is no file\n" unless -f $file;
    refuse_switches($file);
    duplicate(fileno $file, $source, O_CLOEXEC);
    close $file;
    duplicate(exists $files->{i} ? $files->{i} : fileno $null, 0, 0);
    duplicate(exists $files->{o} ? $files->{o} : fileno $null, 1, 0);
    duplicate(1, 2, 0);
    %ENV = map { split /=/, $_, 2 } @strings;
    @ARGV = @arguments;
    qb::_adopt();
    return $script, $limits;
}

# Perl takes the values of -s from the command line, which is not the run's.
sub refuse_switches {
    my ($file) = @_;
    sysread $file, my $start, 512;
    sysseek $file, 0, 0;
    my ($switches) = defined $start ? $start =~ /\A(?:\xef\xbb\xbf)?#!.*?perl\S*[ \t]+(-.*)/ : ();
    return unless defined $switches;
    for my $cluster (split ' ', $switches) {
        die "its first line has the switch -s\n" if $cluster =~ /^-[^CImMdDFixV]*s/;
    }
    return;
}

# In the fork, which is a run from the moment it says so.
sub begin {
    my ($ticket, $script, $limits) = @_;
    syscall $call->{setsid};
    my $placeholder = $0;
    $0 = $script;
    # Setting it has named the process after the script, too.
    my $name = ($^X =~ m{([^/]*)\z})[0] . "\0";
    syscall $call->{prctl}, PR_SET_NAME, $name, 0, 0, 0;
    # Whoever hears of the run can find it, then; and before its limits, which could be too narrow for that.
    show(join '', map { "$_=$ENV{$_}\0" } grep { defined $ENV{$_} } qw(UCB_RUN_ID UCB_ATTEMPT UCB_TOKEN));
    limit(split / /, $limits) if $limits ne '';
    answer('S', $ticket, $$);
    syscall $call->{close}, CHANNEL;
    close $null;
    # What Perl does at its start.
    $^T = time;
    srand if $seeds;
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

# Lets the system show what the run is, where it shows what a process was started with. After $0 was set, which uses the
# same memory.
sub show {
    my ($text) = @_;
    return if length $text > $shown_room;
    pipe my $reader, my $writer or return;
    syscall $call->{write}, fileno $writer, $text, length $text;
    syscall $call->{read}, fileno $reader, $shown_at, length $text;
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

# The program is compiled.
INIT {
    delete $SIG{__DIE__} if $hook && ref $SIG{__DIE__} && $SIG{__DIE__} == $hook;
}

# Keeps no file and no folder of a run.
sub be_nobody {
    duplicate(fileno $null, $_, $_ > 2 ? O_CLOEXEC : 0) for 0, 1, 2, $source;
    chdir '/';
    return;
}

sub fork_for_parent {
    my $flags = CLONE_PARENT | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD;
    my @places = $machine eq 'x86_64' ? ($thread, 0) : (0, $thread);
    my $pid = syscall $call->{clone}, $flags, 0, 0, @places;
    die "clone: $!\n" if $pid < 0;
    return $pid;
}

# A packet and the descriptors that came with it. Ends the host when there will be no more.
sub receive {
    # After a fork each page that is written to is copied first: the same few are used again and again.
    my $message = pack 'J L x4 J J J J l x4', 0, 0, address($vector), 1, address($control), length $control, 0;
    my $size = -1;
    do { $size = syscall $call->{recvmsg}, CHANNEL, $message, MSG_CMSG_CLOEXEC } while $size < 0 && $! == EINTR;
    leave(0) if $size <= 0;
    my @descriptors;
    if ((unpack 'J L x4 J J J J', $message)[5] >= 16) {
        my ($length, $level, $type) = unpack 'J l l', $control;
        @descriptors = unpack 'l*', substr $control, 16, $length - 16 if $level == SOL_SOCKET && $type == SCM_RIGHTS;
    }
    return substr($packet, 0, $size), @descriptors;
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
