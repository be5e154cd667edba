package qb::query;

# Questions, as callbacks write them and as they travel.

use strict;
use warnings;

my @fields   = qw(id pgrp status user name label);
my @switches = qw(agenda subjobs callbacks);
my %field    = map { $_ => 1 } @fields;
my %switch   = map { $_ => 1 } @switches;

sub jobinfo {
    my $query = parse('jobinfo', 'id', @_);
    my $own   = own_answer($query);
    my @jobs  = @{ $own || ask('jobinfo', $query) };
    return @jobs;
}

sub hostinfo {
    my @hosts = @{ ask('hostinfo', { query => parse('hostinfo', 'name', @_) }) };
    return @hosts;
}

sub ask {
    qb::_load('bridge');
    return qb::bridge::request(@_);
}

# A query from names and values: "-flag", value, value, ... or name => value, ...; what stands in front of any flag are
# values of the field $first. Any name is taken for hosts.
sub parse {
    my ($call, $first, @args) = @_;
    return parse_flags($call, $first, @args)
      unless @args && !ref $args[0] && defined $args[0] && $args[0] =~ /^[a-z]\w*$/i && @args % 2 == 0;
    my %query;
    while (my ($name, $value) = splice @args, 0, 2) {
        if ($call eq 'jobinfo' && $switch{$name}) {
            $query{$name} = $value ? \1 : \0;
        }
        elsif ($call eq 'jobinfo' && $name eq 'filters') {
            wrong($call, 'filters are a hash reference of fields and values') unless ref $value eq 'HASH';
            $query{filters} = { map { $_ => [ values_of($call, $_, $value->{$_}) ] } keys %$value };
        }
        elsif ($call eq 'hostinfo' || $field{$name}) {
            push @{ $query{$name} ||= [] }, values_of($call, $name, $value);
        }
        else {
            wrong($call, "$name cannot be asked for (" . join(', ', @fields, @switches, 'filters') . ')');
        }
    }
    return \%query;
}

sub parse_flags {
    my ($call, $name, @args) = @_;
    my (%query, $bare);
    for my $arg (@args) {
        if (defined $arg && !ref $arg && $arg =~ /^-(?![0-9])/) {
            wrong($call, "-$name needs a value") if $bare;
            ($name = $arg) =~ s/^-+//;
            $bare = 0;
            if ($call eq 'jobinfo' && $switch{$name}) {
                $query{$name} = \1;
                undef $name;
            }
            elsif ($call eq 'hostinfo' || $field{$name}) {
                $bare = 1;
            }
            else {
                wrong($call, "there is no flag $arg (" . join(' ', map { "-$_" } @fields, @switches) . ')');
            }
        }
        elsif (!defined $name) {
            wrong($call, "$arg stands behind a flag that takes no value");
        }
        else {
            $bare = 0;
            push @{ $query{$name} ||= [] }, values_of($call, $name, $arg);
        }
    }
    wrong($call, "-$name needs a value") if $bare;
    return \%query;
}

# Undef is refused: taken for `any`, it would find what nobody asked for.
sub values_of {
    my ($call, $name, $value) = @_;
    wrong($call, "the value of $name is undef") unless defined $value;
    return $value unless ref $value eq 'ARRAY';
    return map { values_of($call, $name, $_) } @$value;
}

# The answer if all that is asked for is the run's own record and the run was started with it; else undef.
sub own_answer {
    my ($query) = @_;
    my $id = qb::_variable('UCB_JOB_ID');
    return if @{ $query->{id} || [] } != 1 || $query->{id}[0] ne $id;
    return if grep { $_ ne 'id' && !$switch{$_} } keys %$query;
    qb::_load('document');
    my $record = qb::document::own_record();
    return unless $record && $record->{id} eq $id;
    for my $name (@switches) {
        if (!$query->{$name} || !${ $query->{$name} }) { delete $record->{$name} }
        elsif (!exists $record->{$name})               { return }
    }
    return [$record];
}

sub wrong {
    my ($call, $message) = @_;
    qb::_fail('ERR_UCB_ARGUMENT', "$call: $message");
}

1;
