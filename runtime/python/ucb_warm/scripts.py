"""Scripts, compiled once; compiling runs nothing of them."""

import os
import sys
import time
import warnings

from .forks import COMPILED, NOT, SOURCE

LARGEST = 1 << 20
MOST = 1000
# A file that has just been written may be written once more without its times showing it.
SETTLED_AFTER = 2.0
ONLY_AST = 0x400

LIBRARY = os.path.dirname(os.path.abspath(os.__file__))
# They do something when they are imported, or want a terminal.
NEVER_IMPORTED = {
    "__main__", "antigravity", "curses", "faulthandler", "idlelib", "lib2to3", "pydoc_data", "readline",
    "rlcompleter", "site", "sitecustomize", "test", "this", "tkinter", "turtle", "turtledemo", "usercustomize",
}  # fmt: skip


class Scripts:
    def __init__(self, forks, make_main):
        self._forks = forks
        self._make_main = make_main
        # By the index that forks know a script by: its code, or None, and the variables of its main module.
        self.found = []
        # For each of them, too.
        self._assignments = []
        self._imports = {}  # names of the standard library that scripts import; False for those that must not be

    def prepare(self, path):
        """The variables of a script's main module, what a run of it is to be assigned, and the name of a module beside it
        that it would import instead of one that is loaded, or None.
        """
        main = self._make_main(path)
        assignments = [(sys.modules, "__main__", main)]
        place = os.path.dirname(os.path.realpath(path))
        if not getattr(sys.flags, "safe_path", False):
            assignments.append((sys.path, 0, place))
        try:
            return vars(main), tuple(assignments), shadowed_in(place, os.path.basename(path))
        except OSError:
            return vars(main), tuple(assignments), None

    def look_at(self, path, descriptor):
        """Compiles a script, and loads what it imports, for forks to come. Says whether there is something new."""
        name = os.fsdecode(path)
        file, code = self._compile(name, descriptor)
        try:
            # Which modules there are changes with its identity.
            folder = identity_of(os.stat(os.path.dirname(name)))
        except OSError:
            return False
        if file is None:
            return False
        if len(self.found) >= MOST:
            self._forks.forget()
            self.found.clear()
            self._assignments.clear()
        # Last: what was loaded for it is looked for, too.
        variables, assignments, shadowed = self.prepare(name)
        index = len(self.found)
        self.found.append((code, variables))
        self._assignments.append(assignments)
        use = NOT if shadowed is not None else SOURCE if code is None else COMPILED
        return self._forks.know(path, index, use, file, folder, assignments)

    def _compile(self, path, descriptor):
        """The file's identity, None if it may not be known by that, and the code or None."""
        try:
            identity = identity_of(os.fstat(descriptor))
            if time.time() - max(identity[3], identity[4]) / 1e9 < SETTLED_AFTER:
                return None, None
            source = os.pread(descriptor, LARGEST + 1, 0)
            if identity_of(os.fstat(descriptor)) != identity:
                return None, None
        except OSError:
            return None, None
        if len(source) != identity[2]:
            return identity, None
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                code = compile(source, path, "exec", dont_inherit=True)
                tree = compile(source, path, "exec", ONLY_AST, dont_inherit=True)
        except Exception:
            # Its run finds the same and says so where the script's author looks.
            return identity, None
        # Its run has to show them, so it has to compile it.
        if caught:
            return identity, None
        for name in imports(tree):
            self._import(name)
        return identity, code

    def _import(self, name):
        """Loads a module of the standard library that a script imports, so that its runs need not."""
        if name in sys.modules or name in self._imports or len(self._imports) >= MOST:
            return
        self._imports[name] = is_library(name)
        if not self._imports[name]:
            return
        before = set(sys.modules)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                __import__(name)
        except Exception:
            caught = True
        # A run that imports it has to show what it says then.
        if caught:
            for module in set(sys.modules) - before:
                del sys.modules[module]


def shadowed_in(folder, own):
    names = {name.split(".", 1)[0] for name in os.listdir(folder)}
    names.discard(own.split(".", 1)[0])
    for name in names:
        if name in sys.modules and name not in sys.builtin_module_names:
            return name
    return None


def identity_of(status):
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def imports(node):
    """Names of the modules that the statements of a syntax tree import."""
    kind = type(node).__name__
    if kind == "Import":
        return [alias.name for alias in node.names]
    if kind == "ImportFrom":
        return [node.module] if node.module and not node.level else []
    names = []
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        inner = getattr(node, field, None)
        if isinstance(inner, list):
            for statement in inner:
                names.extend(imports(statement))
    return names


def is_library(name):
    top = name.split(".", 1)[0]
    if top in NEVER_IMPORTED:
        return False
    if top in sys.builtin_module_names:
        return True
    names = getattr(sys, "stdlib_module_names", None)
    if names is not None:
        return top in names
    place = os.path.join(LIBRARY, top)
    return os.path.isfile(place + ".py") or os.path.isfile(os.path.join(place, "__init__.py"))
