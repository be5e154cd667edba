import { utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { CallbackOptions } from "../../lib/config/configuration.js";
import { perlCases, pythonCases } from "../support/script-cases.js";
import { pythons } from "../support/script-room.js";
import { WarmRoom, type WarmRun } from "../support/warm-room.js";

const morePython: Record<string, string> = {
  "an exit code beyond a byte": "import sys\nsys.exit(300)",
  "a negative exit code": "import sys\nsys.exit(-1)",
  "an exit with False": "import sys\nsys.exit(False)",
  "a crash": "import ctypes\nctypes.string_at(0)",
  "an abort": "import os\nos.abort()",
  "a kill": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
  "its session": "import os\nprint(os.getpid() == os.getsid(0) == os.getpgid(0))",
  "default signals":
    "import signal\nprint([(s, str(signal.getsignal(s))) for s in range(1, 32) if signal.getsignal(s) != signal.SIG_DFL], signal.pthread_sigmask(signal.SIG_BLOCK, []))",
  "its descriptors":
    "import os\nprint(sorted(os.listdir('/proc/self/fd')), [os.readlink('/proc/self/fd/%d' % fd).split('/')[1] for fd in (0, 1, 2)])",
  "a file that is not closed":
    "import os\nfile = open(os.environ['HOME_FILE'], 'w')\nfile.write('left')\nos.system('cat $HOME_FILE')",
  "a file of a module that is not closed": "import keeper, os, sys\nkeeper.keep()",
  "what it destroys at the end":
    "class C:\n    def __del__(self):\n        print('gone', self.name)\na = C(); a.name = 'a'\nb = C(); b.name = 'b'; b.me = b\ndef f():\n    return a\n",
  "what survives in a module":
    "import keeper\nclass C:\n    def __del__(self):\n        print('gone')\nkeeper.kept = C()\n",
  "a suspended generator":
    "def g():\n    try:\n        yield 1\n    finally:\n        print('closed')\nkept = g()\nnext(kept)\n",
  "output replaced":
    "import io, sys\nclass Tee(io.StringIO):\n    def write(self, text):\n        return sys.__stdout__.write('tee ' + text)\nsys.stdout = Tee()\nprint('x')\n",
  "functions at exit in order": "import atexit\natexit.register(print, 1)\natexit.register(print, 2)\n",
  "an exit at exit": "import atexit, sys\natexit.register(sys.exit, 5)\n",
  "a daemon thread":
    "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint('done')\n",
  "an executor":
    "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\nfuture = pool.submit(print, 'from a thread')\n",
  logging:
    "import logging\nlogging.basicConfig(level='INFO', format='%(levelname)s %(message)s')\nlogging.info('hello')\n1 / 0\n",
  subprocesses:
    "import subprocess, sys\nprint(subprocess.check_output([sys.executable, '-c', 'import os; print(os.environ[\"UCB_JOB_ID\"] != \"\", os.getcwd())']).decode())\n",
  "a fork":
    "import os, sys\npid = os.fork()\nif pid == 0:\n    print('child')\n    sys.exit(3)\nprint(os.waitpid(pid, 0)[1])\n",
  "a pool":
    "import multiprocessing\nif __name__ == '__main__':\n    with multiprocessing.get_context('fork').Pool(2) as pool:\n        print(pool.map(abs, [-1, -2]))\n",
  "variables it sets":
    "import os\nos.environ['NEW'] = 'x'\ndel os.environ['QBJOBID']\nos.system('echo $NEW $QBJOBID; env | grep -c ^UCB_')\nprint(os.environ.get('QBJOBID'), os.environb[b'NEW'])\n",
  "bytes in the environment": "import os\nprint(ascii(os.environ['ODD']), os.environb[b'ODD'])\n",
  "a closed stdout": "import os\nos.close(1)\nprint('lost')\n",
  "a long recursion": "def f(n):\n    return n and f(n - 1)\nf(100000)\n",
  "the time of a process": "import time\nprint(time.process_time() < 5)\n",
  "a warning of a module": "import warnings\nwarnings.filterwarnings('error')\nwarnings.warn('x')\n",
  "weak references":
    "import weakref\nclass C: pass\nkept = C()\nwatching = weakref.ref(kept, lambda r: print('gone'))\n",
  "a finalizer": "import weakref\nclass C: pass\nkept = C()\nweakref.finalize(kept, print, 'gone')\n",
  "its main thread":
    "import os, threading\nmain = threading.main_thread()\nprint(main is threading.current_thread(), main.ident == threading.get_ident(), getattr(main, 'native_id', os.getpid()) == os.getpid(), threading.active_count(), main.name)\n",
  "a fork of its own, and threads":
    "import os, threading\npid = os.fork()\nif pid == 0:\n    thread = threading.Thread(target=print, args=(threading.active_count(), threading.main_thread() is threading.current_thread()))\n    thread.start()\n    thread.join()\n    os._exit(0)\nprint(os.waitpid(pid, 0)[1])\n",
  "what it wants done around a fork":
    "import os, sys\nos.register_at_fork(before=lambda: print('before'), after_in_parent=lambda: print('parent'))\npid = os.fork()\nif pid == 0:\n    os._exit(0)\nos.waitpid(pid, 0)\n",
  "random numbers of a fork":
    "import os, random\nfirst, second = os.pipe()\npid = os.fork()\nif pid == 0:\n    os.write(second, repr(random.random()).encode())\n    os._exit(0)\nos.waitpid(pid, 0)\nprint(repr(random.random()).encode() != os.read(first, 100))\n",
  "where qb asks": "print(qb.jobinfo(id=1001)[0]['name'], qb.unblock(5), qb.event['name'])\n",
};

const morePerl: Record<string, string> = {
  "an exit in a block": "END { $? = 7 } exit 3;",
  "a death in BEGIN": "BEGIN { die 'early' }",
  "a death in a handler": "$SIG{__DIE__} = sub { print 'handled: ', @_ }; die 'x';",
  "a death at the end": "END { die 'late' }",
  "what it destroys at the end":
    "package C; sub DESTROY { print 'gone ', $_[0][0] } package main; our $x = bless ['global', 1], 'C'; my $y = bless ['lexical'], 'C';",
  "an exit code beyond a byte": "exit 300;",
  "a kill": "kill 'KILL', $$;",
  "its session": "print getpgrp() == $$ ? 'leads' : 'does not';",
  "its descriptors": "opendir my $d, '/proc/self/fd'; print join ' ', sort grep { !/^\\./ } readdir $d;",
  "a file that is not closed": "open my $f, '>', $ENV{HOME_FILE}; print $f 'left';",
  "what it left in that file": "open my $f, '<', $ENV{HOME_FILE}; print <$f>;",
  "output that is held back": "$| = 0; print 'held'; syswrite STDERR, 'said at once ';",
  "output that is held back, and a status": "$| = 0; print 'held'; exit 9;",
  "a closed output": "$| = 0; print 'lost'; close STDOUT;",
  "an output that cannot be written": "$| = 0; open STDOUT, '>', '/dev/full' or die; print 'lost';",
  "an output that could not be written": "open STDOUT, '>', '/dev/full' or die; print 'lost'; exit 3;",
  "a pipe that is waited for":
    "$| = 1; open my $p, '|-', 'cat; sleep 0.2; echo end' or die; print $p 'through '; print 'begin ';",
  "a destructor of main": "sub DESTROY { print 'gone' } my $x = bless [];",
  "a destructor of another package's": "sub C::DESTROY { print 'gone' } our $x = bless [], 'C';",
  "a destructor in text": "eval 'package D; sub DESTROY { print q(gone) } 1' or die; our $x = bless [], 'D';",
  "a destructor of what is known": "*qb::json::DESTROY = sub { print 'gone' }; $qb::x = bless [], 'qb::json';",
  "an object without one": "my $x = bless {}, 'Nobody'; print ref $x;",
  "a status in several blocks": "END { $? += 1 } END { $? *= 2 } exit 4;",
  "a warning at the end": "#!/usr/bin/perl -w\nmy $x; END { print 'a' . $x }",
  "separators at the end": "$, = '-'; $\\ = '!'; print 1, 2;",
  "a handler for warnings": "$SIG{__WARN__} = sub { print 'warned: ', @_ }; warn 'x';",
  "the error it starts with": "print $! ? 'some' : 'none', $@ eq '' ? 'none' : 'some', $?;",
  "a caller":
    "print defined(caller) ? 'called' : 'main'; __PACKAGE__->can('run') && run() unless caller; sub run { print ' ran' }",
  "switches -l": "#!/usr/bin/perl -l\nprint 'a'; print 'b';\n",
  "switches -n": '#!/usr/bin/perl -n\nprint "[$_]";\n',
  "switches -p": "#!/usr/bin/perl -p\ns/a/b/;\n",
  "a byte order mark": "\ufeffprint 'bom';",
  "use utf8": "use utf8; my $x = 'ä'; print length $x;",
  "carriage returns": "print 'a';\r\nprint 'b';\r\n",
  "a seek in its data": "seek DATA, 0, 0; print scalar <DATA>;\n__DATA__\nx\n",
  "data after END": "print <DATA>;\n__END__\nx",
  "several errors": "use strict; $a1 = 1; $b1 = 2; $c1 = 3;\n",
  "an unclosed string": "print 'abc;\n",
  "a module with an error": "BEGIN { eval { require No::Such }; print $@ ? 'missing' : 'there' }",
  "a fork": "my $pid = fork; if (!$pid) { print 'child '; exit 3 } waitpid $pid, 0; print $? >> 8;",
  "a system": "system 'echo $QBJOBID; true';",
  "variables it sets": "$ENV{NEW} = 'x'; delete $ENV{QBJOBID}; print `echo \\$NEW \\$QBJOBID`;",
  "the start of it": "print $^T - time < 5 ? 'now' : 'long ago', -M $0 < 1 ? ' young' : ' old';",
  "its version": 'print "$]|$^X|$^V";',
  "where qb asks": "print((qb::jobinfo(id => 1001))[0]{name}, qb::unblock(5), $qb::event->{name}, $qb::jobid);",
  "strict and warnings of its own": '$x = 5; my $y; print "$x$y";',
  "a format": "format STDOUT =\n@<<<\n'a'\n.\nwrite;\n",
  "no end of line": "print 1",
  nothing: "",
};

/** Without what differs from run to run: addresses, and numbers of jobs and runs. */
function steady({ outcome, output }: WarmRun) {
  const { state, exitCode, signal, reason } = outcome;
  return {
    state,
    exitCode,
    signal,
    reason,
    output: output.replace(/0x[0-9a-f]+/g, "0x").replace(/1000\d\d\d|run-\d+/g, "N"),
  };
}

async function both(file: string, options: Partial<CallbackOptions>, room: WarmRoom) {
  const env = { HOME_FILE: join(room.folder, "..", "file"), ODD: "\udcffä", ...options.env };
  const cold = await room.run(room.callback(file, { ...options, env, warm: "no" }));
  const warm = await room.run(room.callback(file, { ...options, env, warm: "yes" }));
  expect(cold.warm).toBe(false);
  return { cold, warm };
}

describe.each(pythons())("a script under %s", (interpreter) => {
  test("ends, prints and sees the same, warm and cold", async () => {
    const room = await WarmRoom.open();
    room.write(
      "keeper.py",
      "import os\nkept = None\ndef keep():\n    global kept\n    kept = open(os.environ['HOME_FILE'], 'w')\n    kept.write('kept')\n",
    );
    const differing: unknown[] = [];
    for (const [name, script] of Object.entries({ ...pythonCases, ...morePython })) {
      room.write("script.py", script);
      // Old enough to be compiled by the host.
      utimesSync(join(room.folder, "script.py"), 1e9, 1e9);
      const { cold, warm } = await both("script.py", { interpreter }, room);
      expect([name, warm.warm]).toEqual([name, true]);
      if (JSON.stringify(steady(cold)) !== JSON.stringify(steady(warm)))
        differing.push([name, steady(cold), steady(warm)]);
    }
    expect(differing).toEqual([]);
  }, 300_000);
});

describe("a script in Perl", () => {
  test("ends, prints and sees the same, warm and cold", async () => {
    const room = await WarmRoom.open();
    const differing: unknown[] = [];
    for (const [name, script] of Object.entries({ ...perlCases, ...morePerl })) {
      room.write("script.pl", script);
      const { cold, warm } = await both("script.pl", {}, room);
      expect([name, warm.warm]).toEqual([name, true]);
      if (JSON.stringify(steady(cold)) !== JSON.stringify(steady(warm)))
        differing.push([name, steady(cold), steady(warm)]);
    }
    expect(differing).toEqual([]);
  }, 300_000);
});
