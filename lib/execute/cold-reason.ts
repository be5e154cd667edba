/** Variables that have the interpreter do something at each start, or show what it does. */
const actsAtStart =
  /^(?:PYTHON(?:INSPECT|VERBOSE|DEBUG|PROFILEIMPORTTIME|DUMPREFS\w*|MALLOCSTATS|STARTUP|BREAKPOINT)|PERL5OPT|PERL5DB)$/;

/** Why scripts with these variables cannot be forked, as far as the variables tell; null if they can. */
export function coldReason(environment: Readonly<Record<string, string>>): string | null {
  const acting = Object.keys(environment).find((name) => actsAtStart.test(name));
  return acting === undefined ? null : `${acting} has an effect at each start of the interpreter`;
}
