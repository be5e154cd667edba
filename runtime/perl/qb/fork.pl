# What a warm interpreter is given to run. Its forks read the script of a callback in place of this; see warm.pm.
die "$0 is run by forks of a warm interpreter only, and they do not get this far\n";
