import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IniEntry, readIni } from "../../lib/config/ini-document.js";
import type { IniText } from "../../lib/config/ini-text.js";

const show = ({ key, value }: IniEntry) => [key.text, value?.text ?? null];
const head = (text: string) => readIni(text).head.map(show);

/** The source that a piece of text stands for. */
function sourceOf(lines: readonly string[], { line, column, length }: IniText): string | undefined {
  return lines[line - 1]?.slice(column - 1, column - 1 + length);
}

describe("entries", () => {
  it.each<[string, string, (string | null)[][]]>([
    [
      "keys and values in order",
      "b = 2\na = 1",
      [
        ["b", "2"],
        ["a", "1"],
      ],
    ],
    [
      "equal keys, all of them",
      "a = 1\na = 2\na",
      [
        ["a", "1"],
        ["a", "2"],
        ["a", null],
      ],
    ],
    [
      "a key without =",
      "a\nb # c",
      [
        ["a", null],
        ["b", null],
      ],
    ],
    [
      "an empty value",
      "a =\nb = # c",
      [
        ["a", ""],
        ["b", ""],
      ],
    ],
    [
      "words that mean something to JSON",
      "a = true\nb = null\nc = 5\nd = '5'\ne = '{}'",
      [
        ["a", "true"],
        ["b", "null"],
        ["c", "5"],
        ["d", "5"],
        ["e", "{}"],
      ],
    ],
    [
      "dangerous keys",
      "__proto__ = 1\nconstructor = 2\ntoString",
      [
        ["__proto__", "1"],
        ["constructor", "2"],
        ["toString", null],
      ],
    ],
    [
      "comments",
      "# a = 1\n ; b = 2\nc = 3 # d\nd = 4;e",
      [
        ["c", "3"],
        ["d", "4"],
      ],
    ],
    ["comment marks in quotes", `a = x-'#'-";" # c`, [["a", `x-'#'-";"`]]],
    ["a quote inside the other kind", `a = "don't" # it's`, [["a", "don't"]]],
    ["a quote that is not closed", "a = it's # no", [["a", "it's"]]],
    ["escaped comment marks", "a = x\\#y\\;z\\\\n", [["a", "x#y;z\\n"]]],
    ["other backslashes", "a = c:\\d\\", [["a", "c:\\d\\"]]],
    [
      "values wrapped in quotes",
      `a = 'x y'\nb = " z "\nc = ''`,
      [
        ["a", "x y"],
        ["b", " z "],
        ["c", ""],
      ],
    ],
    [
      "values that only start and end with a quote",
      `a = 'a'-work-self-'b'\nb = "x"'y'`,
      [
        ["a", "'a'-work-self-'b'"],
        ["b", `"x"'y'`],
      ],
    ],
    ["nothing decoded inside quotes", String.raw`a = "x\ty\u0041"`, [["a", String.raw`x\ty\u0041`]]],
    [
      "a value that holds =",
      "a = b = c\nb==",
      [
        ["a", "b = c"],
        ["b", "="],
      ],
    ],
    [
      "quoted keys",
      `'a = b' = 1\n"c#" = 2\n'd' 'e' = 3`,
      [
        ["a = b", "1"],
        ["c#", "2"],
        ["'d' 'e'", "3"],
      ],
    ],
    ["escaped marks in keys", "a\\#b = 1", [["a#b", "1"]]],
    ["keys with a stray quote", "it's = 1", [["it's", "1"]]],
    [
      "a byte order mark, CRLF, CR and indentation",
      "\uFEFFa = 1\r\n\tb = 2\r  c = 3\n",
      [
        ["a", "1"],
        ["b", "2"],
        ["c", "3"],
      ],
    ],
    ["separators that JavaScript takes for line ends", "a = x\u2028y", [["a", "x\u2028y"]]],
    ["NULs and what looks like a placeholder", "a = \0" + "0\0-'\0'", [["a", "\0" + "0\0-'\0'"]]],
    [
      "array keys as they are",
      "a[] = 1\na[] = 2",
      [
        ["a[]", "1"],
        ["a[]", "2"],
      ],
    ],
  ])("reads %s", (_, text, expected) => {
    expect(head(text)).toEqual(expected);
  });

  it("says where a comment starts and whether it touches the text", () => {
    const comments = readIni("a = b # c\nb = c#d\nc = ;d\nd\ne;f").head.map(({ comment }) => comment);
    expect(comments).toEqual([
      { column: 7, glued: false },
      { column: 6, glued: true },
      { column: 5, glued: false },
      null,
      { column: 2, glued: true },
    ]);
  });
});

describe("sections", () => {
  it("keeps dotted names whole and repeated sections apart", () => {
    const { sections } = readIni("[a.b]\nx = 1\n [ * ] # all\n[a.b]\ny = 2\n['c]d']\n[]");
    expect(sections.map(({ name, entries }) => [name.text, entries.map(show)])).toEqual([
      ["a.b", [["x", "1"]]],
      ["*", []],
      ["a.b", [["y", "2"]]],
      ["c]d", []],
      ["", []],
    ]);
  });

  it("reports what is no section and reads on", () => {
    const { sections, issues } = readIni("[a\nx = 1\n[b] c ; d\ny = 2\n  = 3");
    expect(sections.map(({ name, entries }) => [name.text, entries.map(show)])).toEqual([
      ["a", [["x", "1"]]],
      ["b", [["y", "2"]]],
    ]);
    expect(issues.map(({ code, line, column, length }) => [code, line, column, length])).toEqual([
      ["ERR_UCB_INI_SECTION", 1, 1, 1],
      ["ERR_UCB_INI_SECTION", 3, 5, 1],
      ["ERR_UCB_INI_KEY", 5, 3, 1],
    ]);
  });
});

describe("positions", () => {
  it("counts lines and columns from 1 and columns in UTF-16 units", () => {
    const {
      head: [first, second],
    } = readIni("\r\n 😀 = '漢'\n\tb\t=\tc");
    expect(first?.key).toMatchObject({ line: 2, column: 2, length: 2 });
    expect(first?.value).toMatchObject({ line: 2, column: 8, length: 1 });
    expect(second?.key).toMatchObject({ line: 3, column: 2 });
    expect(second?.value).toMatchObject({ line: 3, column: 6 });
  });

  it("does not count a byte order mark", () => {
    expect(readIni("\uFEFFa").head[0]?.key.column).toBe(1);
  });

  it("maps offsets over escapes", () => {
    const value = readIni("k = a\\;b'\\;'c\\\\d").head[0]?.value;
    expect(value?.text).toBe("a;b'\\;'c\\d");
    expect(Array.from({ length: 11 }, (_, offset) => value?.columnAt(offset))).toEqual([
      5, 6, 8, 9, 10, 11, 12, 13, 14, 16, 17,
    ]);
  });

  it("points behind = where the value is empty", () => {
    expect(readIni("a =   ").head[0]?.value).toMatchObject({ text: "", column: 4, length: 0 });
  });
});

describe("any text", () => {
  const piece = fc.constantFrom(
    ..."ab=#;'\"[]\\ \t\n\r\0.",
    "\r\n",
    "__proto__",
    "\u2028",
    "\uFEFF",
    "漢",
    "😀",
    "\ud800",
  );
  const pieces = fc.array(piece, { maxLength: 60 }).map((each) => each.join(""));
  const word = fc.string({ unit: fc.constantFrom("a", "'", '"', "\\#", "\\\\", "\\", " "), maxLength: 8 });
  const entries = fc
    .array(fc.tuple(word, word))
    .map((all) => all.map(([key, value]) => `k${key} = v${value}`).join("\n"));
  const text = fc.oneof(pieces, entries, fc.string({ unit: "binary" }));

  it("is read without throwing, and positions point at what was read", () => {
    fc.assert(
      fc.property(text, (source) => {
        const { lines, head, sections, issues } = readIni(source);
        for (const { line, column } of issues) expect(column).toBeLessThanOrEqual((lines[line - 1] ?? "").length);
        for (const { name } of sections) expect(sourceOf(lines, name)).toBe(name.text);
        for (const { key, value } of [...head, ...sections.flatMap(({ entries }) => entries)]) {
          checkPosition(lines, key, /('|")|\\([\\;#])/g);
          if (value !== null) checkPosition(lines, value, /('[^']*'|"[^"]*")|\\([\\;#])/g);
        }
      }),
      { numRuns: 1500 },
    );
  });

  /** Unless all of it was quoted, the source is the text with escapes, which the pattern finds outside what is in its first group. */
  function checkPosition(lines: readonly string[], found: IniText, escapes: RegExp): void {
    const source = sourceOf(lines, found) ?? "";
    expect(source.length).toBe(found.length);
    const wasQuoted = /['"]/.test(lines[found.line - 1]?.[found.column - 2] ?? "");
    const decoded = source.replace(escapes, (all, opaque) => opaque ?? all.slice(1));
    expect(wasQuoted ? [source, decoded] : [decoded]).toContain(found.text);
    // Every unit of the text is found at its column; an escaped one behind its backslash.
    for (const [offset, unit] of [...Array(found.text.length).keys()].map((at) => [at, found.text[at]] as const)) {
      const at = found.columnAt(offset) - found.column;
      expect([source[at], source[at + 1]]).toContain(unit);
    }
    expect(found.columnAt(found.text.length)).toBe(found.column + found.length);
  }

  it("keeps written values whatever stands around them", () => {
    const value = fc.string({ unit: fc.constantFrom(..."ab-*()&|, \t#;=\"'") }).map((each) => each.replaceAll("'", ""));
    fc.assert(
      fc.property(text, value, text, (before, written, after) => {
        const source = `${before}\nthe key = '${written}' # comment\n${after}`;
        const { head, sections } = readIni(source);
        const entries = [...head, ...sections.flatMap((section) => section.entries)];
        const line = before.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/).length + (before.endsWith("\r") ? 0 : 1);
        expect(entries.filter((entry) => entry.key.line === line).map(show)).toEqual([["the key", written]]);
      }),
      { numRuns: 1000 },
    );
  });
});
