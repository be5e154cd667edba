# Looks at what a work item left behind once it is done, and has it done once more if that is not as it should be.
# What is printed here is found in the log of the job.

use strict;
use warnings;

# Two attempts are enough: the farm counts them in the work item's record.
my $most_attempts = 2;

my $name = qb::event()->{extra};
my $id   = qb::jobid();
my ($job)  = qb::jobinfo("-id", $id, "-agenda");
my ($work) = grep { $_->{name} eq $name } @{ $job->{agenda} // [] };

if (!$work) {
    print "work item $name: not in the agenda of job $id\n";
    exit 0;
}

# Not every supervisor fills in every field.
my $status = $work->{status} // 'unknown';
my $count  = $work->{count}  // 1;
my $host   = $work->{host}   // 'unknown host';
print "work item $name of job $id ($job->{name}): $status on $host, attempt $count\n";

# Somebody decided so, or has it done again already: that is not for a check to undo.
exit 0 if $status ne 'complete' && $status ne 'failed';

my @complaints;
push @complaints, "its status is failed: " . ($work->{reason} // 'no reason given') if $status eq 'failed';
my $exit_code = $work->{resultpackage}{exitcode};
push @complaints, "it ended with exit status $exit_code" if $exit_code;

my $result = $work->{result};
if (!defined $result) {
    print "  it promised no result file\n";
}
elsif (!-e $result) {
    push @complaints, "its result $result is missing";
}
elsif (-z $result) {
    push @complaints, "its result $result is empty";
}
else {
    printf "  its result %s holds %d bytes\n", $result, -s $result;
}

print "  complaint: $_\n" for @complaints;
if (!@complaints) {
    print "  all is well\n";
}
elsif ($count < $most_attempts) {
    # Only what failed can be retried. What ended well without its result is put back into the queue.
    my @again = $status eq 'failed' ? qb::retrywork("$id:$name") : qb::requeuework("$id:$name");
    print @again ? "  put back for another attempt: @again\n" : "  could not be put back\n";
}
elsif ($status eq 'complete') {
    my @failed = qb::failwork("$id:$name");
    print "  counted as failed: @failed\n";
}
else {
    print "  left as it is after $count attempts\n";
}
