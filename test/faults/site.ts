import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes what a run of it is about to a file of its callback's: one line, in one write, so that lines never mix. */
const mark = `
sub mark {
  open my $marks, ">>", "$ENV{FAULTS}/marks" or die "marks: $!";
  syswrite $marks, "$ENV{UCB_CALLBACK} $ENV{UCB_EVENT} $ENV{UCB_JOB_ID} $ENV{UCB_RUN_ID} $ENV{UCB_ATTEMPT}\\n";
}
`;

const scripts = {
  /** Ends at once. */
  "quick.pl": `${mark}\nmark();\n`,
  /** Is often caught in the middle. */
  "slow.pl": `${mark}\nmark(); select undef, undef, undef, rand 0.4; print "slept\\n";\n`,
  /** Asks to be tried again, once. */
  "later.pl": `${mark}\nmark(); exit($ENV{UCB_ATTEMPT} == 1 ? 75 : 0);\n`,
  /** Remembers what it waits for. */
  "both.pl": `${mark}\nmark();\n`,
};

const configuration = (folder: string) => `
quick.pl = failed-work-self-* || running-work-self-*
slow.pl  = running-work-self-*
later.pl = failed-work-self-1
both.pl  = complete-job-lamp && failed-job-self

[*]
env.FAULTS = ${folder}
[later.pl]
retry = 3, 50ms
`;

/** What each of the events of a round must run, and for which of its jobs. */
export const expected = [
  [],
  [],
  ["quick.pl", "later.pl"],
  ["quick.pl", "slow.pl"],
  [],
  ["both.pl"],
] as const satisfies readonly (readonly (keyof typeof scripts)[])[];

export function writeSite(folder: string): string {
  const directory = join(folder, "callback");
  mkdirSync(directory, { mode: 0o755 });
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(directory, name), text, { mode: 0o644 });
  writeFileSync(join(directory, "callbacks.conf"), configuration(folder), { mode: 0o644 });
  return directory;
}
