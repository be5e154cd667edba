import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { ChildSupervisor } from "../support/child-supervisor.js";
import { mountSmallFileSystem } from "../support/small-file-system.js";
import { temporarySite } from "../support/temporary-site.js";

const files = {
  "callbacks.conf": "ask.pl = complete-job-self\n[*]\nwarm = no\n",
  "ask.pl": 'print scalar(qb::jobinfo("-id", 77));\n',
};

test("a full folder for temporary files stops an engine from opening, with the reason, and nothing that is open", async ({
  skip,
}) => {
  const site = temporarySite(files);
  const disk = await mountSmallFileSystem(site.path("tmp"), "size=65536,nr_inodes=8");
  if (disk.path === null) return skip(disk.reason);
  const supervisor = new ChildSupervisor({ env: { TMPDIR: disk.path } });
  const other = new ChildSupervisor({ env: { TMPDIR: disk.path } });
  const options = { directories: [site.directory], logPath: site.logPath };
  await supervisor.open(options);
  expect(await supervisor.emit("complete-job-1")).toMatchObject([{ state: "succeeded" }]);
  const before = await supervisor.holdings();
  const names = readdirSync(disk.path);
  disk.fill("bytes");
  disk.fill("files");

  await expect(other.open(options)).rejects.toMatchObject({
    code: "ERR_UCB_BRIDGE",
    message: expect.stringMatching(/no private folder could be made under .*ENOSPC/),
  });
  for (let round = 0; round < 3; round++) {
    expect(await supervisor.emit("complete-job-1")).toMatchObject([{ state: "succeeded", reason: null }]);
  }
  expect(await supervisor.heldBeyond(before)).toEqual({ descriptors: 0, threads: 0, children: 0 });
  disk.empty();
  expect(readdirSync(disk.path)).toEqual(names);
  await supervisor.close();
  expect(readdirSync(disk.path)).toEqual([]);
  await other.open(options);
  expect(await other.emit("complete-job-1")).toMatchObject([{ state: "succeeded", reason: null }]);
});
