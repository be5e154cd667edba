// What lies below the Launcher class: a callback that throws, one that closes its launcher, and one that takes the
// memory away.
import { native, nativeKinds, nativeRecord } from "../../../dist/native.js";

const launch = ["/bin/true\0/\0\0true\0", 1, 0, null, 0, 0, 0, null, 0, null, true, true];
const names = Object.keys(nativeKinds);
const read = (count, records) =>
  Array.from({ length: count }, (_, index) => {
    const at = index * nativeRecord.size;
    return { kind: names[records[at + nativeRecord.kind]], ticket: records[at + nativeRecord.ticket] };
  });
const caught = [];
process.on("uncaughtException", (error) => caught.push(error.message));

const thrown = await new Promise((resolve) => {
  const launcher = native.launcherCreate(
    (count, records) => {
      const ended = read(count, records).some(({ kind }) => kind === "exited");
      if (ended) setImmediate(() => resolve(native.launcherClose(launcher)));
      throw new Error(`on purpose ${ended}`);
    },
    1,
    0,
  );
  native.launcherRef(launcher, true);
  native.launcherLaunch(launcher, 1, ...launch);
  native.launcherHandOver(launcher);
}).then(() => [...new Set(caught)].sort());

const order = [];
let depth = 0;
await new Promise((resolve) => {
  const launcher = native.launcherCreate(
    (count, records) => {
      const messages = read(count, records);
      depth += 1;
      if (depth > 1) order.push("nested");
      for (const { kind, ticket } of messages) order.push(`${kind} ${ticket}`);
      if (depth === 1 && messages.some(({ kind }) => kind === "started")) native.launcherClose(launcher);
      depth -= 1;
      setImmediate(resolve);
    },
    2,
    0,
  );
  native.launcherRef(launcher, true);
  for (let ticket = 1; ticket <= 1000; ticket += 1) native.launcherLaunch(launcher, ticket, ...launch);
  native.launcherHandOver(launcher);
});
const seen = new Map();
let disorder = 0;
for (const line of order) {
  const [kind, ticket] = line.split(" ");
  if (kind === "nested" || (kind === "exited" && seen.get(ticket) !== "started")) disorder += 1;
  seen.set(ticket, kind);
}

const taken = await new Promise((resolve) => {
  caught.length = 0;
  const launcher = native.launcherCreate(
    (_count, records) => {
      if (records.length === 0) return;
      structuredClone(records, { transfer: [records.buffer] });
      // Whatever came with this delivery, there will be another.
      native.launcherLaunch(launcher, 2, ...launch);
      native.launcherHandOver(launcher);
    },
    1,
    0,
  );
  native.launcherRef(launcher, true);
  native.launcherLaunch(launcher, 1, ...launch);
  native.launcherHandOver(launcher);
  const look = () => (caught.length > 0 ? resolve(native.launcherClose(launcher)) : setImmediate(look));
  look();
}).then(() => caught[0]);
console.log(JSON.stringify({ thrown, taken, disorder, some: order.length > 0 }));
