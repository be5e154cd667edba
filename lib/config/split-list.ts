import { isWrapped, quotedPattern } from "./ini-text.js";

/** An item of a comma-separated list, with its offsets in the list's text. */
export interface ListItem {
  text: string;
  start: number;
  end: number;
}

/** Splits at the commas that stand outside quotes; unquotes what is wholly quoted and leaves empty items out. */
export function splitList(list: string): ListItem[] {
  const items: ListItem[] = [];
  for (const match of list.matchAll(new RegExp(`(?:${quotedPattern}|[^,])+`, "g"))) {
    const source = match[0].trim();
    const start = match.index + Math.max(match[0].search(/\S/), 0);
    const shift = isWrapped(source) ? 1 : 0;
    const text = source.slice(shift, source.length - shift).trim();
    if (text !== "") items.push({ text, start: start + shift, end: start + source.length - shift });
  }
  return items;
}
