import { quoted } from "../trigger/wording.js";
import { didYouMean } from "./did-you-mean.js";
import { type ListItem, splitList } from "./split-list.js";

/** The languages of callbacks that can be switched off. */
export interface Languages {
  qube: boolean;
  perl: boolean;
  python: boolean;
  mail: boolean;
}

/** What is on where `qb.conf` does not say. */
export const defaultLanguages: Readonly<Languages> = { qube: true, perl: true, python: true, mail: true };

/** The bits of `supervisor_language_flags`; `qb.conf` may name those that have no meaning for callbacks too. */
const flags = { qube: 1, perl: 2, python: 4, post: 8, mail: 16, dependency: 32, auto_wrangling: 64 } as const;
const everyFlag = Object.values(flags).reduce<number>((sum, flag) => sum | flag, 0);

const known = new Map<string, number>(Object.entries(flags));

/**
 * Reads `supervisor_language_flags`: a list of names, upper and lower case aside, or the sum of their flags.
 * @param fail is told each item that is neither; the others hold
 */
export function parseLanguageFlags(
  text: string,
  fail: (item: ListItem, message: string, hint: string) => void,
): Languages {
  let sum = 0;
  for (const item of splitList(text)) {
    const flag = known.get(item.text.toLowerCase());
    if (flag !== undefined) sum |= flag;
    else if (/^[0-9]+$/.test(item.text)) sum |= checkSum(item, fail);
    else fail(item, `${quoted(item.text)} is no language`, didYouMean(item.text, known.keys()) ?? languageHint);
  }
  const isOn = (flag: number) => (sum & flag) !== 0;
  return { qube: isOn(flags.qube), perl: isOn(flags.perl), python: isOn(flags.python), mail: isOn(flags.mail) };
}

const languageHint = `write a list of ${Object.keys(flags).join(", ")}, separated by commas`;

function checkSum(item: ListItem, fail: (item: ListItem, message: string, hint: string) => void): number {
  const sum = Number(item.text);
  if (sum <= everyFlag) return sum;
  const parts = Object.entries(flags).map(([name, flag]) => `${name} ${flag}`);
  fail(item, `${item.text} is no sum of language flags`, `the flags are ${parts.join(", ")}`);
  return 0;
}
