# Forks for each run of a script, so many at a time, and does nothing else: what one would write by hand.
#
#   perl -I… -Mqb fork-loop.pl SCRIPT INPUT OUTPUT COUNT WIDTH
#
# Prints nanoseconds. With a width of 0 the runs come one after the other, each by a fork that waits for it already, and what is
# printed is the time when each was asked for and the script's own stamp, a line each.
use strict;
use warnings;
use IO::Handle ();
use POSIX      ();
use Time::HiRes qw(clock_gettime usleep CLOCK_MONOTONIC);

qb::_load($_) for qw(calls json document query bridge);
my ($script, $input, $output, $count, $width) = @ARGV;

sub become {
    POSIX::setsid();
    open STDIN,  '<',  $input  or die "$input: $!\n";
    open STDOUT, '>>', $output or die "$output: $!\n";
    open STDERR, '>&', \*STDOUT;
    $0 = $script;
    STDOUT->autoflush(1);
    package main;
    do $script;
    die $@ if $@;
    exit 0;
}

END { POSIX::_exit($?) }

sub start {
    my ($gate) = @_;
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    sysread $gate, my $go, 1 if $gate;
    become();
}

sub await {
    wait;
    die "$script ended with $?\n" if $?;
}

sub now { return int 1e9 * clock_gettime(CLOCK_MONOTONIC) }

if ($width) {
    my $begin = now();
    for my $index (1 .. $count) {
        await() if $index > $width;
        start();
    }
    await() for 1 .. ($count < $width ? $count : $width);
    print now() - $begin, "\n";
}
else {
    for (1 .. $count) {
        pipe my $reader, my $writer or die "pipe: $!\n";
        start($reader);
        usleep 5000;
        my $asked = now();
        syswrite $writer, 'x';
        await();
        open my $stamp, '<', 'stamp' or die "stamp: $!\n";
        print "$asked ", readline $stamp, "\n";
    }
}
STDOUT->flush;
