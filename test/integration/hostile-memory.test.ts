import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ChildSupervisor } from "../support/child-supervisor.js";
import { setLimit } from "../support/set-limit.js";
import { temporarySite } from "../support/temporary-site.js";

/**
 * Node.js ends itself when JavaScript or the C library get no memory, whatever runs in it. What can be survived, and is
 * tested here, is that the system gives none for a new process: so node has enough set aside for as long as that lasts.
 */
const setAside = {
  nodeOptions: ["--min-semi-space-size=64", "--max-semi-space-size=64", "--expose-gc", "--no-memory-reducer"],
  env: {
    GLIBC_TUNABLES:
      "glibc.malloc.top_pad=67108864:glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824",
  },
};

test("without memory for another process a script fails and says so, others go on, and later all is well", async () => {
  const site = temporarySite({
    "callbacks.conf": "quick.pl = complete-job-self || blocked-job-self\nmail.qcb = blocked-job-self\n[*]\nwarm = no\n",
    "quick.pl": 'print "here\\n";\n',
    "mail.qcb": "unblock-self\n",
  });
  const supervisor = new ChildSupervisor(setAside);
  await supervisor.open({ directories: [site.directory], logPath: site.logPath });
  // What node does for the first time takes memory that it then keeps.
  for (let round = 0; round < 10; round++) await supervisor.emit("blocked-job-1");
  const before = await supervisor.holdings();
  for (let round = 0; round < 3; round++) {
    await supervisor.collectNew();
    setLimit(supervisor.pid, "as", 1);
    const runs = await supervisor.emit("blocked-job-1");
    setLimit(supervisor.pid, "as", "most");
    expect(Object.fromEntries(runs.map(({ callback, state }) => [callback, state]))).toEqual({
      "quick.pl": "failed",
      "mail.qcb": "succeeded",
      onlooker: "succeeded",
    });
    expect(runs.find(({ callback }) => callback === "quick.pl")).toMatchObject({
      code: "ERR_UCB_LAUNCH",
      pid: null,
      reason: expect.stringMatching(/could not start \/\S*perl: .*ENOMEM/),
    });
    const [again] = await supervisor.emit("complete-job-2");
    expect(again?.state).toBe("succeeded");
    expect(readFileSync(again?.log ?? "", "utf8")).toContain("\nhere\n");
  }
  expect(await supervisor.heldBeyond(before)).toEqual({ descriptors: 0, threads: 0, children: 0 });
});
