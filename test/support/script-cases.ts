/** Scripts that end, fail and look about in every way there is; stdin holds two lines. */
export const pythonCases: Record<string, string> = {
  "an exit code": "import sys\nprint('out')\nsys.exit(3)",
  "an exit with a text": "import sys\nsys.exit('gone wrong')",
  "an exit with None": "import sys\nsys.exit(None)",
  "an exit with another value": "raise SystemExit((1, 2))",
  "an exit from below": "def f():\n  raise SystemExit(7)\nf()",
  "an exit from a thread":
    "import sys, threading\nthread = threading.Thread(target=lambda: sys.exit(5))\nthread.start()",
  "os._exit": "import os\nprint('out')\nos._exit(9)",
  "a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",
  "an interrupt": "import atexit\natexit.register(print, 'at exit')\nraise KeyboardInterrupt",
  "an error": "def f(x):\n    return 1 / x\n\nprint('before')\nf(0)\n",
  "an error on the first line": "undefined_name",
  "an error in an error": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    {}['missing']\n",
  "an error with a cause":
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('because') from error\n",
  "an error in a called module": "import json\njson.loads('{')\n",
  "an error in a thread":
    "import threading\nthread = threading.Thread(target=lambda: 1 / 0, name='T')\nthread.start()\nthread.join()\n",
  "an error at exit": "import atexit\ndef f():\n    1 / 0\natexit.register(f)\n",
  "an error while collected": "class C:\n    def __del__(self):\n        1 / 0\nC()\n",
  "an error of a class of its own": "class Mine(Exception):\n    pass\nraise Mine('text')\n",
  "an assertion": "assert 1 == 2, 'no'\n",
  "a syntax error": "print('never')\ndef f(:\n    pass\n",
  "an unclosed bracket": "x = (1,\n\nprint('never')\n",
  "bad indentation": "if True:\nprint('never')\n",
  "tabs and spaces": "if True:\n\tx = 1\n        y = 2\n",
  "a return outside a function": "x = 1\nreturn x\n",
  "a NUL": "print(1)\n\0\n",
  "an unknown encoding": "# -*- coding: nonsense -*-\nprint(1)\n",
  "a wrong encoding": "# -*- coding: ascii -*-\nprint('\u00e9')\n",
  "a byte order mark": "\ufeffprint('bom')\n",
  "carriage returns": "print('a')\r\nprint('b')\r\n",
  "no line end": "print('a')",
  nothing: "",
  "a warning": "import warnings\nwarnings.warn('careful')\nwarnings.warn('old', DeprecationWarning)\n",
  "a doubtful literal": "x = '\\d'\nprint(x is 5)\n",
  "a hook of its own":
    "import sys, traceback\ndef hook(kind, error, tb):\n  print(kind, [f.f_lineno for f, _ in traceback.walk_tb(tb)])\nsys.excepthook = hook\n1 / 0\n",
  "no hook at all": "import sys\ndel sys.excepthook\nsys.exit(4)\n",
  "a formatted traceback": "import traceback\ntry:\n  1 / 0\nexcept Exception:\n  print(traceback.format_exc())\n",
  "a source that is asked for":
    "import inspect\ndef f():\n  return 5\nprint(inspect.getsource(f), inspect.getsource(inspect.getmodule(f)))\n",
  "pickling of its classes":
    "import pickle\nclass C: pass\nprint(type(pickle.loads(pickle.dumps(C()))) is C, C.__module__)\n",
  "what a main module has":
    "import sys\nprint(sorted(k for k in globals()), __name__, __doc__, __package__, __spec__, type(__loader__).__name__, __loader__.name, sys.modules['__main__'].__dict__ is globals(), __builtins__ is sys.modules['builtins'])\n",
  "a docstring": "'''What it is.'''\nprint(__doc__)\n",
  "its name and place": "import os, sys\nprint(__file__, sys.argv, sys.path[0], os.getcwd())\n",
  annotations: "x: int = 5\nprint(x)\n",
  "a future": "from __future__ import division\nimport __future__\nprint(1 / 2, division)\n",
  flags:
    "import sys\nprint(sys.flags.unbuffered if hasattr(sys.flags, 'unbuffered') else '', sys.dont_write_bytecode, sys.stdout.line_buffering)\n",
  "no functions of the runner":
    "import sys\nprint([n for n in ('load', 'become', 'hide_runner', 'namespace', 'home') if n in globals()])\n",
  "stdin by lines": "import sys\nprint(sys.stdin.readline() != '', sys.stdin.read())\n",
  "stdin from the start": "import os\nprint(os.lseek(0, 0, os.SEEK_CUR), len(os.read(0, 5)))\n",
  "an order of things at the end":
    "import atexit, threading\natexit.register(print, 'at exit')\ndef f():\n  threading.main_thread().join()\n  print('thread')\nthreading.Thread(target=f).start()\nprint('main')\nraise SystemExit('text')\n",
};

/** The same in Perl. */
export const perlCases: Record<string, string> = {
  "an exit code": "print 'out'; exit 3;",
  "a death": "print 'out';\nsub f { die 'gone wrong' }\nf();",
  "a death with an object": 'die { code => 5 }->{code}, "\\n";',
  "a death with errno": "$! = 2; die 'x';",
  "a warning": "#!/usr/bin/perl -w\nmy $x; print 1 + $x;",
  "no warnings": "my $x; print 1 + $x;",
  "a syntax error": "print 'never';\nsub f {\n",
  "a strict error": "use strict;\n$undeclared = 5;\n",
  "a missing module": "use No::Such::Module;\n",
  "a signal": "kill 'TERM', $$; sleep 10;",
  "its name and place": "use Cwd; print \"$0|@ARGV|\", __FILE__, '|', getcwd(), '|', __PACKAGE__;",
  "where it looks for modules": "print join '|', @INC;",
  "its data": "print while <DATA>;\n__END__\nline 1\nline 2\n",
  "its blocks": "BEGIN { print 'begin|' } INIT { print 'init|' } END { print 'end' } print 'main|';",
  "stdin by lines": "my $first = <STDIN>; print $first, scalar(my @rest = <STDIN>);",
  "stdin from the start": "print sysseek(STDIN, 0, 1), '|', sysread(STDIN, my $x, 5), $x;",
  "line numbers": "\n\nprint __LINE__;\nwarn 'here';\n",
  "variables of its own": "$_ = 5; print \"$_|$,|$\\|$/|$@|\", $! + 0, '|', $^W;",
  "what it inherits": "print join '|', map { \"$_=$ENV{$_}\" } grep { !/^UCB_(RUN_ID|TOKEN)/ } sort keys %ENV;",
  formats: "format STDOUT =\n@<<< @>>>\n'a', 'b'\n.\nwrite;\n",
  "a local handler": "$SIG{__WARN__} = sub { print 'warned: ', @_ }; warn 'x';",
  "a sub called kill": "sub kill { 'mine' } sub fail { 'mine' } print main::kill(), fail();",
};
