import fc from "fast-check";
import { patternOf, type TriggerWorld } from "./trigger-arbitrary.js";

/** Few words of every kind, so that random events satisfy random triggers often. */
export const smallWorld: TriggerWorld = {
  names: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(["complete"], ["done"], ["failed"], ["submit"], ["removed"], ["own"]) },
    fc.constantFrom(["", ""], ["c", ""], ["", "e"], ["d", "n", ""], ["", "l", "e", ""]),
  ),
  labels: fc.constantFrom(["a"], ["ab"], ["self"], ["é"], ["", ""], ["a", ""], ["", "b"], ["", "a", ""]),
  extras: fc.constantFrom(["1"], ["10"], ["frame-1"], ["", ""], ["1", ""], ["", "0"], ["", "a", "1"], ["fr", "m", ""]),
  times: fc.constantFrom("1", "10"),
  jobIds: fc.integer({ min: 1, max: 6 }),
};

const nasty = fc.constantFrom(
  "'",
  '"',
  "&",
  "&&",
  "|",
  "||",
  "(",
  ")",
  " ",
  "\t",
  "\n",
  "*",
  "and",
  " or ",
  "-",
  "--",
  "self",
  "parent",
  "0",
  "17",
  "é",
  "😀",
  "\ud83d",
  "\ude00",
  "\ufffd",
  "\0",
  "\u00a0",
  "Ω",
);
const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 6 }),
  fc.array(nasty, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 4 }),
);

/** Text of every kind, with all that has a meaning outside quotes. */
export const wildWorld: TriggerWorld = {
  names: patternOf(text.map((part) => part.replaceAll("-", "_"))),
  labels: patternOf(text),
  extras: patternOf(text),
  times: fc.nat().map(String),
  jobIds: fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.constant(Number.MAX_SAFE_INTEGER)),
};
