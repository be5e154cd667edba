import ms from "ms";

/** Whole milliseconds, at least 1 for anything above nothing; a bare number counts seconds. Null for what is no time span. */
export function parseSpan(text: string): number | null {
  // `ms` throws for texts that are empty or very long.
  if (text === "" || text.length > 100) return null;
  const time = /^[0-9.]+$/.test(text) ? Number(text) * 1000 : ms(text as ms.StringValue);
  return Number.isFinite(time) ? Math.ceil(time) : null;
}

const unitBytes: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Whole bytes; units are powers of 1024, with or without `B` or `iB` behind them. Null for what is no size. */
export function parseSize(text: string): number | null {
  const [, digits = "", unit = ""] = /^([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = digits === "" ? Number.NaN : Math.ceil(Number(digits) * (unitBytes[unit.toLowerCase()] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** A whole number from `least` to `most`, null for anything else. */
export function parseWhole(text: string, least: number, most: number): number | null {
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : null;
}
