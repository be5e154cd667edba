import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Job } from "../../lib/bridge/supervisor.js";
import { ScriptRoom } from "../support/script-room.js";

const well = { code: 0, signal: null, stderr: "" };
const strictly = "use strict; use warnings; use qb;\n";

describe("text in Perl", () => {
  const name = 'Läufer 走る 😀 " \\ \n \u0000 \u2028';

  test("is printed right by a script that knows nothing of encodings", async () => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, name });
    const script = `${strictly}my ($job) = qb::jobinfo("-id", 5); print $job->{name}; print STDERR length $job->{name};`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: name, stderr: String(Buffer.byteLength(name)) });
  });

  test("is decoded by a script that works with characters", async () => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, name: "Läufer" });
    const script = `${strictly}use utf8; use open qw(:std :utf8);
my ($job) = qb::jobinfo("-name", "Läufer"); utf8::decode($job->{name});
print $job->{name}, length $job->{name}, $job->{name} eq "Läufer" ? "same" : "other";`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: "Läufer6same" });
  });

  test.each([
    ["UTF-8 bytes", '"5:L\\xc3\\xa4ufer"'],
    ["characters", '"5:L\\x{e4}ufer \\x{8d70}"; chop $id; chop $id; $id = $id'],
    ["Latin-1 bytes", '"5:L\\xe4ufer"'],
  ])("to the supervisor may be %s", async (_, id) => {
    const room = await ScriptRoom.open();
    expect(await room.perl(`${strictly}my $id = ${id}; print qb::killwork($id);`)).toEqual({
      ...well,
      stdout: "5:Läufer",
    });
    expect(room.actions[0]?.ids).toEqual(["5:Läufer"]);
  });

  test("with half a surrogate pair is no stumbling block", async () => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, name: "a\ud83db\\ud83d", label: "\udc00" });
    const end = await room.perl(`${strictly}my ($job) = qb::jobinfo("-id", 5); print "$job->{name} $job->{label}";`);
    expect(end).toEqual({ ...well, stdout: "a\ufffdb\\ud83d \ufffd" });
  });

  test("and all other values go to Perl and back unchanged", async () => {
    const room = await ScriptRoom.open();
    const leaf = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
      fc.constant(null),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ unit: "grapheme" }).filter((key) => key !== "__proto__"),
          tie("value"),
          { maxKeys: 4 },
        ),
      ),
    }));
    const samples = fc.sample(value, 500);
    room.jobs.push(...samples.map((data, index): Job => ({ id: index + 1, data })));
    const back: unknown[] = [];
    room.handler.submit = (job) => {
      back.push(job.data);
      return { id: 1 };
    };
    const end = await room.perl(`${strictly}qb::submit($_) for qb::jobinfo();`);
    expect(end).toEqual({ ...well, stdout: "" });
    // JSON has no negative zero.
    expect(back).toEqual(JSON.parse(JSON.stringify(samples)));
  });

  test("of any size is read", async () => {
    const room = await ScriptRoom.open();
    const text = `${"x".repeat(300_000)}\\"${"é\n".repeat(200_000)}`;
    room.jobs.push({ id: 5, text, agenda: Array.from({ length: 3000 }, (_, index) => ({ name: String(index) })) });
    const script = `${strictly}my ($job) = qb::jobinfo("-id", 5, "-agenda"); print length $job->{text}, " ", scalar @{ $job->{agenda} };`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: `${Buffer.byteLength(text)} 3000` });
  });

  test("true and false are 1 and 0", async () => {
    const room = await ScriptRoom.open();
    room.jobs.push({ id: 5, on: true, off: false, none: null });
    const script = `${strictly}my ($job) = qb::jobinfo("-id", 5); print "$job->{on}$job->{off}", defined $job->{none} ? "defined" : "undef";`;
    expect(await room.perl(script)).toEqual({ ...well, stdout: "10undef" });
  });
});
