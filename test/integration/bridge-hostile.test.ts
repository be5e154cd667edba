import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import type { BridgeOptions } from "../../lib/bridge/bridge.js";
import { RawClient } from "../support/raw-client.js";
import { ScriptRoom } from "../support/script-room.js";

const refusal = (message: RegExp | string) => ({
  id: null,
  error: { code: "ERR_UCB_BRIDGE", message: expect.stringMatching(message) },
});
const five = { id: 1, result: [{ id: 5 }] };

async function openRoom(options: BridgeOptions = {}) {
  const room = await ScriptRoom.open(options);
  room.jobs.push({ id: 5 });
  const run = room.makeRun();
  const access = room.bridge.grant(run);
  const client = () => RawClient.open(access.socket);
  /** Another run's question, answered as if nothing else went on. */
  const others = async () => {
    const other = room.bridge.grant(room.makeRun());
    expect(await (await RawClient.open(other.socket)).request(other.token, "jobinfo").next()).toEqual(five);
  };
  return { room, run, ...access, client, others };
}

describe("a client of the bridge", () => {
  test("asks as often as it likes on one connection", async () => {
    const { client, token } = await openRoom();
    const one = await client();
    expect(await one.request(token, "jobinfo", {}, 1).next()).toEqual(five);
    expect(await one.request(token, "jobinfo", { id: "5" }, "two").next()).toEqual({ id: "two", result: [{ id: 5 }] });
    expect(await one.request(token, "perform", { verb: "kill", ids: ["5"] }, 0).next()).toEqual({
      id: 0,
      result: ["5"],
    });
  });

  test("is answered one request at a time, in order", async () => {
    const { room, client, token } = await openRoom();
    let running = 0;
    let most = 0;
    room.handler.perform = async (_verb, _target, ids) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return ids;
    };
    const one = await client();
    for (let id = 1; id <= 50; id++) one.request(token, "perform", { verb: "kill", ids: [id] }, id);
    for (let id = 1; id <= 50; id++) expect(await one.next()).toEqual({ id, result: [String(id)] });
    expect(most).toBe(1);
  });

  test("may send byte by byte, and end its side before the answer", async () => {
    const { client, token } = await openRoom();
    const one = await client();
    const line = `${JSON.stringify({ token, id: 1, method: "jobinfo" })}\n`;
    one.socket.setNoDelay(true);
    for (const character of line) {
      one.send(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    one.socket.end();
    expect(await one.next()).toEqual(five);
    await one.ended();
  });

  test.each([
    ["jobinfo", { colour: "red" }, "ERR_UCB_ARGUMENT", /"colour" cannot be asked for/],
    ["jobinfo", { id: { a: 1 } }, "ERR_UCB_ARGUMENT", /id is compared with texts and numbers/],
    ["jobinfo", { id: [1.5] }, "ERR_UCB_ARGUMENT", /"1.5" is no job id/],
    ["jobinfo", { filters: [] }, "ERR_UCB_ARGUMENT", /filters are a record/],
    ["perform", { verb: "explode", ids: [1] }, "ERR_UCB_BRIDGE", /no verb "explode"/],
    ["perform", { ids: [1] }, "ERR_UCB_BRIDGE", /no verb/],
    ["perform", { verb: "kill" }, "ERR_UCB_ARGUMENT", /is no id/],
    ["submit", {}, "ERR_UCB_ARGUMENT", /a job is a record/],
    ["hostinfo", { query: [] }, "ERR_UCB_ARGUMENT", /a query is a record/],
    ["shutdown", {}, "ERR_UCB_BRIDGE", /there is no request "shutdown"/],
    ["__proto__", {}, "ERR_UCB_BRIDGE", /there is no request/],
  ])("is told what is wrong with %s %j, and goes on", async (method, params, code, message) => {
    const { client, token } = await openRoom();
    const one = await client();
    expect(await one.request(token, method, params).next()).toEqual({
      id: 1,
      error: { code, message: expect.stringMatching(message) },
    });
    expect(await one.request(token, "jobinfo").next()).toEqual(five);
  });

  test("may nest values as deep as a job needs and no deeper", async () => {
    const { room, client, token } = await openRoom();
    room.handler.submit = () => ({ id: 9 });
    const nested = (depth: number) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;
    const line = (depth: number) =>
      `{"token":"${token}","id":1,"method":"submit","params":{"job":{"a":${nested(depth)}}}}\n`;
    const one = await client();
    expect(await one.send(line(50)).next()).toEqual({ id: 1, result: { id: 9 } });
    expect(await one.send(line(1_000_000)).next()).toMatchObject({ error: { code: "ERR_UCB_ARGUMENT" } });
    expect(await one.request(token, "jobinfo").next()).toEqual(five);
  });

  test("learns when the supervisor's answer is none", async () => {
    const { room, client, token } = await openRoom();
    const one = await client();
    const answers: unknown[] = [undefined, "text", [{ id: 1 }, { id: 2, big: 5n }, { id: 3 }], [null]];
    room.handler.jobInfo = () => answers.shift() as never;
    for (let asked = 0; asked < 4; asked++) {
      const answer = await one.request(token, "jobinfo").next();
      expect(answer).toMatchObject({ id: 1, error: { code: "ERR_UCB_ACTION" } });
    }
    room.handler.perform = () => undefined as never;
    expect(await one.request(token, "perform", { verb: "kill", ids: [5] }).next()).toMatchObject({
      error: { code: "ERR_UCB_ACTION", message: "the supervisor answered with no list of ids" },
    });
    room.handler.perform = (_verb, target, ids) => {
      if (target === "job") return ids;
      throw new Error("not that");
    };
    expect(await one.request(token, "perform", { verb: "kill", ids: [5, "5:7"] }).next()).toMatchObject({
      error: { code: "ERR_UCB_ACTION", message: "not that (before that, 5 were affected)" },
    });
    room.handler.perform = () => Promise.reject("a text") as never;
    expect(await one.request(token, "perform", { verb: "kill", ids: [5] }).next()).toMatchObject({
      error: { code: "ERR_UCB_ACTION", message: "a text" },
    });
  });
});

describe("a token", () => {
  test.each([
    ["of nobody", () => "nobody"],
    ["of the right form", () => `1.${"A".repeat(43)}`],
    ["that is empty", () => ""],
    ["without its secret", (token: string) => token.split(".", 1)[0] ?? ""],
    ["with one bit changed", (token: string) => token.replace(/.$/, (last) => (last === "A" ? "E" : "A"))],
    ["with something behind it", (token: string) => `${token}AAAA`],
  ])("%s lets nobody in", async (_, change) => {
    const { client, token, others } = await openRoom();
    const one = await client();
    expect(await one.request(change(token), "jobinfo").next()).toEqual(refusal(/this token lets nobody ask/));
    await one.ended();
    await others();
  });

  test("is a different one for each run, and of more than 128 bits", async () => {
    const { room } = await openRoom();
    const tokens = Array.from({ length: 50 }, () => room.bridge.grant(room.makeRun()).token);
    expect(new Set(tokens.map((token) => token.split(".")[1])).size).toBe(50);
    for (const token of tokens) expect(Buffer.from(token.split(".")[1] ?? "", "base64url")).toHaveLength(32);
  });

  test("ends with its run, and so do its connections", async () => {
    const { room, run, client, token, others } = await openRoom();
    const one = await client();
    expect(await one.request(token, "jobinfo").next()).toEqual(five);
    room.bridge.revoke(run);
    await one.ended();
    const two = await client();
    expect(await two.request(token, "jobinfo").next()).toEqual(refusal(/the run it was given to has ended/));
    room.bridge.revoke(run);
    await others();
  });

  test("is replaced by a second grant", async () => {
    const { room, run, client, token } = await openRoom();
    const second = room.bridge.grant(run);
    expect(await (await client()).request(token, "jobinfo").next()).toEqual(refusal(/lets nobody ask/));
    expect(await (await client()).request(second.token, "jobinfo").next()).toEqual(five);
  });

  test("cannot share a connection with another", async () => {
    const { room, client, token } = await openRoom();
    const other = room.bridge.grant(room.makeRun());
    const one = await client();
    one.request(token, "jobinfo").request(other.token, "jobinfo");
    expect(await one.next()).toEqual(five);
    expect(await one.next()).toEqual(refusal(/belongs to another run/));
    await one.ended();
  });
});

describe("nonsense", () => {
  test.each([
    ["no JSON", "hello\n", /this is none/],
    ["an empty line", "\n", /this is none/],
    ["no object", "[1]\n", /a JSON object/],
    ["null", "null\n", /a JSON object/],
    ["no token", '{"method":"jobinfo"}\n', /needs its token/],
    ["a token of another kind", '{"token":5,"method":"jobinfo"}\n', /needs its token/],
    ["no method", '{"token":"x"}\n', /needs its method/],
    ["parameters of another kind", '{"token":"x","method":"jobinfo","params":[]}\n', /are a JSON object/],
    ["an id of another kind", '{"token":"x","method":"jobinfo","id":{}}\n', /an id is/],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x00, 0x0a]), /this is none/],
  ])("(%s) is refused and the connection ended", async (_, text, message) => {
    const { client, others } = await openRoom();
    const one = await client();
    expect(await one.send(text).next()).toEqual(refusal(message));
    await one.ended();
    await others();
  });

  test("of any kind, in pieces of any size, harms nobody", async () => {
    const { client, token, others } = await openRoom();
    const start = Buffer.from(`{"token":"${token}","id":1,"method":"jobinfo","params":{`);
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(start, Buffer.from("\n"), Buffer.from("}}\n"), Buffer.from('"id":[5]}}\n'), Buffer.from('"')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const one = await client();
        for (const bytes of pieces) one.send(bytes);
        one.socket.end();
        for (let answer = await one.next(); answer !== undefined; answer = await one.next()) {
          expect("result" in answer || "error" in answer).toBe(true);
        }
        await one.ended();
      }),
      { numRuns: 200 },
    );
    await others();
  });

  test("of strangers is not even collected", async () => {
    const { client, others } = await openRoom();
    const one = await client();
    expect(await one.send("x".repeat(200_000)).next()).toEqual(refusal(/over 65536 bytes must begin with its token/));
    await one.ended();
    const two = await client();
    two.send(`{"token":"1.${"A".repeat(43)}","params":{"a":"${"x".repeat(200_000)}`);
    expect(await two.next()).toEqual(refusal(/lets nobody ask/));
    await others();
  });
});

describe("a flood", () => {
  test("of one line is cut off at 8 MiB", async () => {
    const { room, client, token, others } = await openRoom();
    room.handler.submit = (job) => ({ id: String(job.text).length });
    const line = (length: number) => {
      const head = `{"token":"${token}","id":1,"method":"submit","params":{"job":{"text":"`;
      const tail = '"}}}';
      return `${head}${"x".repeat(length - head.length - tail.length)}${tail}\n`;
    };
    const most = 8 * 1024 * 1024;
    const one = await client();
    expect(await one.send(line(most)).next()).toMatchObject({ id: 1, result: {} });
    const two = await client();
    expect(await two.send(line(most + 1)).next()).toEqual(refusal(/8388608 bytes at most/));
    await two.ended();
    await others();
  });

  test("of unfinished lines of one run is cut off", async () => {
    const { client, token, others } = await openRoom({ limits: { pendingOfRun: 1_000_000 } });
    const start = `{"token":"${token}","id":1,"method":"jobinfo","params":{"name":"${"x".repeat(300_000)}`;
    const clients = await Promise.all(Array.from({ length: 4 }, client));
    for (const one of clients) one.send(start);
    const refused = await Promise.race(clients.map((one) => one.next()));
    expect(refused).toEqual(refusal(/too many large requests under way/));
    await others();
  });

  test("of requests on one connection holds nobody else up", async () => {
    const { client, token, others } = await openRoom();
    const one = await client();
    const line = `${JSON.stringify({ token, id: 1, method: "jobinfo" })}\n`;
    one.send(line.repeat(20_000));
    await others();
    await others();
    one.socket.destroy();
  });

  test("of connections of one run is refused", async () => {
    const { room, client, token, others } = await openRoom();
    const clients = await Promise.all(Array.from({ length: 64 }, client));
    for (const one of clients) expect(await one.request(token, "jobinfo").next()).toEqual(five);
    const refused = await client();
    expect(await refused.request(token, "jobinfo").next()).toEqual(refusal(/has 64 connections already/));
    await refused.ended();
    clients[0]?.socket.destroy();
    await vi.waitFor(async () => {
      expect(await (await client()).request(token, "jobinfo").next()).toEqual(five);
    });
    await others();
    expect(room.queries.length).toBeGreaterThan(64);
  });

  test("of connections of strangers pushes out the oldest", async () => {
    const { client, others } = await openRoom();
    const first = await client();
    const silent = await Promise.all(Array.from({ length: 80 }, client));
    await first.ended();
    await others();
    expect(silent).toHaveLength(80);
  });
});

describe("a client that hesitates", () => {
  test("before its first request is sent away", async () => {
    const { client, others } = await openRoom({ limits: { firstRequestMs: 1000 } });
    const [one, two] = await Promise.all([client(), client()]);
    two.send('{"token":');
    expect(await one.next()).toEqual(refusal(/no request came within 1 s/));
    expect(await two.next()).toEqual(refusal(/no request came within 1 s/));
    await Promise.all([one.ended(), two.ended()]);
    await others();
  });

  test("in the middle of a later request is sent away", async () => {
    const { client, token, others } = await openRoom({ limits: { requestMs: 50 } });
    const one = await client();
    expect(await one.request(token, "jobinfo").next()).toEqual(five);
    expect(await one.send('{"token":').next()).toEqual(refusal(/begun and not ended within 0.05 s/));
    await one.ended();
    await others();
  });

  test("between requests may take its time", async () => {
    const { client, token } = await openRoom({ limits: { requestMs: 20, firstRequestMs: 2000, stalledMs: 20 } });
    const [one, two] = [await client(), await client()];
    expect(await one.request(token, "jobinfo").next()).toEqual(five);
    expect(await two.request(token, "jobinfo").next()).toEqual(five);
    // Longer than any limit above: the other one is cut off in the meantime.
    expect(await two.send("{").next()).toEqual(refusal(/begun and not ended/));
    expect(await one.request(token, "jobinfo").next()).toEqual(five);
  });

  test("to read its answer is cut off, and costs little memory until then", async () => {
    const { room, client, token, others } = await openRoom({ limits: { stalledMs: 200 } });
    const record = { id: 1, text: "x".repeat(1000) };
    const jobs = Array.from({ length: 200_000 }, () => record);
    room.handler.jobInfo = () => jobs;
    const one = await client();
    one.socket.pause();
    const before = process.memoryUsage().rss;
    one.request(token, "jobinfo");
    room.handler.jobInfo = (query) => (query.id === undefined ? jobs : [{ id: 5 }]);
    const other = room.bridge.grant(room.makeRun());
    const two = await RawClient.open(other.socket);
    expect(await two.request(other.token, "jobinfo", { id: 5 }).next()).toEqual(five);
    // The answer has 200 MB.
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    // It reads nothing, so it notices only when it writes.
    await vi.waitFor(() => {
      one.send("\n");
      expect(one.socket.destroyed).toBe(true);
    });
    room.handler.jobInfo = () => [{ id: 5 }];
    await others();
  });
});

test("a large answer arrives whole, and the loop turns meanwhile", async () => {
  const { room, client, token } = await openRoom();
  const jobs = Array.from({ length: 20_000 }, (_, index) => ({ id: index + 1, text: 'é\n"'.repeat(100) }));
  room.handler.jobInfo = () => jobs;
  let turns = 0;
  const ticking = setInterval(() => turns++, 1);
  const answer = await (await client()).request(token, "jobinfo").next();
  clearInterval(ticking);
  expect(answer).toEqual({ id: 1, result: jobs });
  expect(turns).toBeGreaterThan(5);
});
