// What lies below the Launcher class: a callback that throws, and one that closes its launcher.
import { native } from "../../../dist/native.js";

const launch = { file: "/bin/true", argv: "true\0", env: "", cwd: "/", stdin: null, output: null };
const times = { timeoutMs: 0, killAfterMs: 0, slowAfterMs: 0 };
const caught = [];
process.on("uncaughtException", (error) => caught.push(error.message));

const thrown = await new Promise((resolve) => {
  const launcher = native.launcherCreate((messages) => {
    const ended = messages.some(({ kind }) => kind === "exited");
    if (ended) setImmediate(() => resolve(native.launcherClose(launcher)));
    throw new Error(`on purpose ${ended}`);
  }, 1);
  native.launcherRef(launcher, true);
  native.launcherLaunch(launcher, 1, { ...launch, ...times });
}).then(() => [...new Set(caught)].sort());

const order = [];
let depth = 0;
await new Promise((resolve) => {
  const launcher = native.launcherCreate((messages) => {
    depth += 1;
    if (depth > 1) order.push("nested");
    for (const { kind, ticket } of messages) order.push(`${kind} ${ticket}`);
    if (depth === 1 && messages.some(({ kind }) => kind === "started")) native.launcherClose(launcher);
    depth -= 1;
    setImmediate(resolve);
  }, 2);
  native.launcherRef(launcher, true);
  for (let ticket = 1; ticket <= 1000; ticket += 1) native.launcherLaunch(launcher, ticket, { ...launch, ...times });
});
const seen = new Map();
let disorder = 0;
for (const line of order) {
  const [kind, ticket] = line.split(" ");
  if (kind === "nested" || (kind === "exited" && seen.get(ticket) !== "started")) disorder += 1;
  seen.set(ticket, kind);
}
console.log(JSON.stringify({ thrown, disorder, some: order.length > 0 }));
