import { expect, it } from "vitest";
import { defaultOptions } from "../../lib/config/callback-options.js";
import type { CallbackOptions } from "../../lib/config/configuration.js";
import { loadConfiguration } from "../../lib/config/load-configuration.js";
import { callbackDirectory, testDirectory } from "../support/callback-directory.js";
import { summarize } from "../support/diagnostic-summary.js";

async function load(section: string) {
  const conf = `a.py = done-job-self\nb.pl = done-job-self\nc.qcb = done-job-self\n${section}`;
  const directory = callbackDirectory(conf, { "a.py": "", "b.pl": "", "c.qcb": "unblock-self\n" });
  const qbConf = testDirectory().write("qb.conf", "");
  const { callbacks, diagnostics } = await loadConfiguration({
    ...{ directories: [directory.path], environment: {}, qbConf },
  });
  return { options: new Map(callbacks.map(({ file, options }) => [file, options])), diagnostics };
}

it.each<[section: string, file: string, expected: Partial<CallbackOptions>]>([
  ["[a.py]\nwarm = yes", "a.py", { warm: "yes" }],
  ["[a.py]\nwarm = No", "a.py", { warm: "no" }],
  ["[*]\nwarm = no\n[a.py]\nwarm = auto", "a.py", { warm: "auto" }],
  ["[*]\nwarm = no", "b.pl", { warm: "no" }],
  ["[a.py]\npreload = json, os.path,json", "a.py", { preload: ["json", "os.path"] }],
  ["[b.pl]\npreload = JSON::PP", "b.pl", { preload: ["JSON::PP"] }],
])("takes %j", async (section, file, expected) => {
  const { options, diagnostics } = await load(section);
  expect(diagnostics).toEqual([]);
  expect(options.get(file)).toEqual({ ...defaultOptions, ...expected });
});

it.each([
  ["[a.py]\nwarm = often", "ERR_UCB_OPTION_VALUE", "is not auto, yes or no"],
  ["[a.py]\npreload = json requests", "ERR_UCB_OPTION_VALUE", "is no name of a module"],
  ["[a.py]\npreload = JSON::PP", "ERR_UCB_OPTION_VALUE", "is no name of a module"],
  ["[b.pl]\npreload = os.path", "ERR_UCB_OPTION_VALUE", "is no name of a module"],
  ["[a.py]\npreload = ../evil", "ERR_UCB_OPTION_VALUE", "is no name of a module"],
  ["[a.py]\npreload = json,", "ERR_UCB_OPTION_VALUE", "is no name of a module"],
  ["[*]\npreload = json", "ERR_UCB_OPTION_PLACE", "callbacks of all languages"],
  ["[c.qcb]\nwarm = yes", "ERR_UCB_OPTION_PLACE", "a .qcb callback has no interpreter"],
  ["[c.qcb]\npreload = json", "ERR_UCB_OPTION_PLACE", "a .qcb callback has no modules"],
])("refuses %j", async (section, code, message) => {
  const { diagnostics } = await load(section);
  expect(diagnostics).toEqual([expect.objectContaining({ code, message: expect.stringContaining(message) })]);
  expect(summarize(diagnostics)).toHaveLength(1);
});
