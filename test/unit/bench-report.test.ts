import { describe, expect, it } from "vitest";
import { drawChart } from "../../bench/harness/chart.js";
import { renderTable, renderTargets } from "../../bench/harness/print.js";
import { advantageOver, isReached, type Table, type Target } from "../../bench/harness/result.js";
import { interleave } from "../../bench/harness/rounds.js";
import { advantage, figureOf, quantile } from "../../bench/harness/statistics.js";

const table: Table = {
  id: "t",
  title: "A <table>",
  unit: "events & more",
  better: "more",
  scale: "log",
  columns: ["10", "1,000"],
  rows: [
    { name: "ours", figures: [figureOf([40, 50, 60]), figureOf([400])] },
    { name: "theirs", figures: [figureOf([10, 10, 10]), null] },
  ],
  subject: "ours",
};

describe("statistics", () => {
  it("interpolates between samples", () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([1, 2], 0.25)).toBe(1.25);
    expect(quantile([7], 0.99)).toBe(7);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it("keeps the samples in the order of the rounds", () => {
    expect(figureOf([3, 1, 2]).samples).toEqual([3, 1, 2]);
  });

  it("compares round by round, whichever direction is better", () => {
    const ours = figureOf([10, 20]);
    const theirs = figureOf([5, 5]);
    expect(advantage(ours, theirs, "more").samples).toEqual([2, 4]);
    expect(advantage(ours, theirs, "less").samples).toEqual([0.5, 0.25]);
  });

  it("compares medians where rounds differ in number", () => {
    expect(advantage(figureOf([10, 20, 30]), figureOf([5]), "more").median).toBe(4);
  });
});

describe("interleave", () => {
  it("lets everybody take as many turns, in an order that moves on, and leaves the warm-up out", async () => {
    const order: string[] = [];
    const contestant = (name: string, time: number) => ({
      name,
      turn() {
        order.push(name);
        return time;
      },
    });
    const times = await interleave([contestant("a", 1), contestant("b", 2)], { rounds: 2, warmups: 1 });
    expect(order).toEqual(["a", "b", "b", "a", "a", "b"]);
    expect([...times]).toEqual([
      ["a", [1, 1]],
      ["b", [2, 2]],
    ]);
  });

  it("measures those who do not clock themselves", async () => {
    const turn = () => {
      for (const end = performance.now() + 10; performance.now() < end; );
      return undefined;
    };
    const times = await interleave([{ name: "slow", turn }], { rounds: 1, warmups: 0 });
    expect(times.get("slow")?.[0]).toBeGreaterThanOrEqual(9.9);
  });

  it("fails with what a contestant throws", async () => {
    const turn = () => Promise.reject(new Error("peers disagree"));
    await expect(interleave([{ name: "x", turn }], { rounds: 1, warmups: 0 })).rejects.toThrow("peers disagree");
  });
});

describe("tables", () => {
  it("show medians, spread and how many times as good ours is", () => {
    const lines = renderTable(table).split("\n");
    expect(lines).toContain("A <table> (events & more, more is better)");
    const ours = lines.find((line) => line.startsWith("ours"));
    const theirs = lines.find((line) => line.startsWith("theirs"));
    expect(ours).toMatch(/50\.0 \(42\.0–58\.0\)\s+400/);
    expect(theirs).toMatch(/10\.0 \(10\.0–10\.0\)\s+×5\.00\s+–/);
  });

  it("have no advantage to show where a figure is missing", () => {
    expect(advantageOver(table, "theirs", 1)).toBeNull();
    expect(advantageOver(table, "theirs", 0)?.median).toBe(5);
  });

  it("say which targets are reached", () => {
    const target = (measured: number, bound: Target["bound"]): Target => {
      return { what: "w", needed: 4, bound, measured, unit: "×" };
    };
    expect([4, 3.9].map((measured) => isReached(target(measured, "at least")))).toEqual([true, false]);
    expect([4, 4.1].map((measured) => isReached(target(measured, "at most")))).toEqual([true, false]);
    expect(isReached(target(Number.NaN, "at least"))).toBe(false);
    expect(renderTargets([target(3.9, "at least")])).toMatch(/w +3\.90× +at least 4\.00× +NO/);
  });

  it("say where the machine's own bound was, of what is missed", () => {
    const target: Target = { what: "w", needed: 4, bound: "at least", measured: 1.9, unit: "×" };
    const limited = { ...target, limit: { what: "the C loop", measured: 2 } };
    expect(renderTargets([limited])).toMatch(/1\.90× +at least 4\.00× +NO; the C loop 2\.00×/);
    expect(renderTargets([{ ...limited, measured: 4 }])).toMatch(/ yes *$/m);
  });
});

describe("charts", () => {
  const bars = (svg: string) => [...svg.matchAll(/<rect class="([^"]+)" x="([^"]+)"[^>]* width="([^"]+)"/g)];

  it("have a bar for each figure, longer for more, and mark ours", () => {
    const drawn = bars(drawChart(table));
    expect(drawn.map(([, kind]) => kind)).toEqual(["bar subject", "bar", "bar subject"]);
    const [ours, theirs, more] = drawn.map(([, , , width]) => Number(width));
    expect(ours).toBeGreaterThan(theirs ?? 0);
    expect(more).toBeGreaterThan(ours ?? 0);
  });

  it("put equal distances between powers of ten on a logarithmic scale", () => {
    const rows = [1, 10, 100].map((value) => ({ name: `${value}`, figures: [figureOf([value])] }));
    const widths = bars(drawChart({ ...table, columns: ["c"], rows })).map(([, , , width]) => Number(width));
    const [one = 0, ten = 0, hundred = 0] = widths;
    expect(ten - one).toBeCloseTo(hundred - ten, 0);
    expect(one).toBeGreaterThan(0);
  });

  it("escape what names hold, and read in the dark", () => {
    const svg = drawChart(table);
    expect(svg).not.toContain("A <table>");
    expect(svg).toContain("A &#60;table&#62;");
    expect(svg).toContain("prefers-color-scheme: dark");
  });

  it("draw figures of zero", () => {
    const rows = [{ name: "none", figures: [figureOf([0])] }];
    for (const scale of ["log", "linear"] as const) {
      const svg = drawChart({ ...table, scale, columns: ["c"], rows });
      expect(svg).not.toMatch(/NaN|Infinity/);
    }
  });
});
