import { spawnSync } from "node:child_process";

/** Numbers of system calls on the processors we run on. */
const numbers = { memfd_create: { x64: 319, arm64: 279 } } as const;

// A filter of three instructions: load the call's number; if it is the one, answer with the error; else let it pass.
const install = `
import ctypes, errno, os, struct, sys
number, error = int(sys.argv[1]), getattr(errno, sys.argv[2])
code = b"".join(struct.pack("HBBI", *instruction) for instruction in [
    (0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | error), (0x06, 0, 0, 0x7fff0000)])
instructions = ctypes.create_string_buffer(code)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
program = Program(4, ctypes.addressof(instructions))
words = [ctypes.c_ulong(0)] * 3
if libc.prctl(38, ctypes.c_ulong(1), *words) or libc.prctl(22, ctypes.c_ulong(2), ctypes.byref(program), *words[:2]):
    sys.exit("no filter: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[3], sys.argv[3:])
`;

/**
 * The beginning of a command that runs the rest with a system call of its process refused: what the whole machine would
 * have to run out of, without touching the machine. Null, and why, where the system allows no such filters.
 */
export function refusingSystemCall(
  call: keyof typeof numbers,
  error: string,
): { through: string[] } | { through: null; reason: string } {
  const number = numbers[call][process.arch as "x64" | "arm64"];
  if (number === undefined) return { through: null, reason: `the number of ${call} on ${process.arch} is not known` };
  const through = ["python3", "-c", install, String(number), error];
  const { status, stderr } = spawnSync(through[0] ?? "", [...through.slice(1), "true"], { encoding: "utf8" });
  return status === 0 ? { through } : { through: null, reason: `system calls cannot be filtered here: ${stderr}` };
}
