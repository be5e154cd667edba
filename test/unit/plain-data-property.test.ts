/// <reference lib="es2024.string" />
import fc from "fast-check";
import { expect, it } from "vitest";
import { shownValue } from "../../lib/argument-error.js";
import { deepestData, mistakeInData } from "../../lib/plain-data.js";
import { expectLinear } from "../support/growth.js";

it("finds nothing in what JSON gives back as it was", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const mistake = mistakeInData(value, "x");
      const isWhole = JSON.stringify(value).isWellFormed() && !/\\ud[89a-f]/.test(JSON.stringify(value));
      expect(mistake === null).toBe(isWhole);
      if (mistake === null) expect(JSON.parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 1000 },
  );
});

it("finds what JSON cannot take, with its place, however it is wrapped", () => {
  const step = fc.oneof(fc.nat(3), fc.stringMatching(/^[a-z]{1,5}$/));
  const bad = fc.constantFrom<unknown>(5n, "\ud800", "a\udc00b");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), bad, (path, value) => {
      let wrapped = value;
      for (const key of path.toReversed())
        wrapped = typeof key === "number" ? [...Array(key).fill(0), wrapped] : { [key]: wrapped };
      const place = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("");
      const mistake = mistakeInData(wrapped, "x") ?? "";
      expect(mistake.startsWith(`x${place}`.slice(0, 97))).toBe(true);
      expect(mistake).toMatch(/ (is a bigint|holds half)/);
    }),
  );
});

it("allows as many levels as it says, and no circle", () => {
  const nested = (levels: number): object => (levels === 1 ? [] : { a: nested(levels - 1) });
  expect(mistakeInData(nested(deepestData), "x")).toBeNull();
  expect(mistakeInData(nested(deepestData + 1), "x")).toMatch(/^x(\.a)+\S*\.\.\. nests deeper than 200 levels$/);
  const circle: unknown[] = [];
  circle.push(circle);
  expect(mistakeInData(circle, "x")).toMatch(/nests deeper/);
});

it("lets pass what knows how to be written", () => {
  expect(mistakeInData({ date: new Date(0), own: { toJSON: () => 5, big: 5n } }, "x")).toBeNull();
});

it("takes time in proportion to the value", async () => {
  await expectLinear(
    (size) =>
      mistakeInData(
        Array.from({ length: size }, (_, id) => ({ id, name: "frame" })),
        "x",
      ),
    20_000,
  );
});

it("shows any value in a few words", () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, withDate: true, withMap: true }), (value) => {
      expect(shownValue(value).length).toBeLessThan(typeof value === "bigint" ? 1000 : 400);
    }),
  );
});
