# Has a frame that failed done once more. `qb` is there without being loaded.

use strict;
use warnings;

my $job   = qb::jobid();
my $frame = qb::event()->{extra};

print "frame $frame of job $job: ", qb::event()->{name}, "\n";
my @again = qb::retrywork("$job:$frame");
print @again ? "put back: @again\n" : "could not be put back\n";
