/// <reference lib="es2024.string" />

/** How deep records may nest: what reads them in callbacks recurses, and gives up at a few hundred levels. */
export const deepestData = 200;

/** Where in a value something is wrong, and what. */
interface Mistake {
  /** From the inside to the outside. */
  path: string[];
  reason: string;
}

/**
 * What about a value that is to travel as JSON keeps it from arriving: `job.parts[0] nests deeper than 200 levels`, say;
 * null if nothing does. A circle nests without end. Takes time in proportion to the value, and runs its getters.
 * @param name what the value is called
 */
export function mistakeInData(value: unknown, name: string): string | null {
  const mistake = find(value, deepestData);
  if (mistake === null) return null;
  const path = `${name}${mistake.path.reverse().join("")}`.toWellFormed();
  return `${path.length <= 100 ? path : `${path.slice(0, 97)}...`} ${mistake.reason}`;
}

function find(value: unknown, levels: number): Mistake | null {
  if (typeof value === "string") return value.isWellFormed() ? null : { path: [], reason: halfPair };
  if (typeof value === "bigint") return { path: [], reason: "is a bigint, which JSON cannot hold" };
  // What knows how to be written, as dates do, is not looked into.
  if (typeof value !== "object" || value === null || "toJSON" in value) return null;
  if (levels === 0) return { path: [], reason: `nests deeper than ${deepestData} levels` };
  return Array.isArray(value) ? findInList(value, levels) : findInFields(value as Record<string, unknown>, levels);
}

function findInList(list: readonly unknown[], levels: number): Mistake | null {
  for (let index = 0; index < list.length; index++) {
    const mistake = find(list[index], levels - 1);
    if (mistake !== null) return within(mistake, `[${index}]`);
  }
  return null;
}

function findInFields(fields: Record<string, unknown>, levels: number): Mistake | null {
  for (const name of Object.keys(fields)) {
    const mistake = name.isWellFormed() ? find(fields[name], levels - 1) : { path: [], reason: halfPair };
    if (mistake !== null) return within(mistake, `.${name}`);
  }
  return null;
}

function within(mistake: Mistake, step: string): Mistake {
  mistake.path.push(step);
  return mistake;
}

const halfPair = "holds half of a surrogate pair, which is no text";
