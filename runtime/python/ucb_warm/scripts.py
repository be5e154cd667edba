"""Scripts, compiled once; compiling runs nothing of them."""

import os
import sys
import time
import warnings

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
    def __init__(self):
        self.looked_at = 0  # how many were compiled, which leaves more in memory than their code
        self._compiled = {}  # by path: the file's identity and the code
        self._folders = {}  # by path of a script: what its folder and the loaded modules were, and the name shadowed
        self._imports = {}  # names of the standard library that scripts import; False for those that must not be

    def code(self, path, descriptor):
        """The compiled script, or None if its own run had better compile it. `descriptor` is the file, opened."""
        try:
            identity = identity_of(os.fstat(descriptor))
            known = self._compiled.get(path)
            if known is not None and known[0] == identity:
                return known[1]
            self.looked_at += 1
            code = self._compile(path, descriptor)
        except Exception:
            # Whatever is wrong with it, the run finds the same and says so where the script's author looks.
            return None
        if len(self._compiled) >= MOST:
            self._compiled.clear()
        if code is not None:
            self._compiled[path] = code
            return code[1]
        return None

    def folder(self, path):
        """Where the script imports from, and a module there that it would import instead of one that is loaded, or None."""
        folder, own = os.path.split(path)
        try:
            # Which modules there are changes with either.
            state = identity_of(os.stat(folder)), len(sys.modules)
            known = self._folders.get(path)
            if known is None or known[0] != state:
                real = os.path.dirname(os.path.realpath(path))
                names = {name.split(".", 1)[0] for name in os.listdir(real)}
                names.discard(own.split(".", 1)[0])
                loaded = [name for name in names if name in sys.modules and name not in sys.builtin_module_names]
                if len(self._folders) >= MOST:
                    self._folders.clear()
                known = self._folders[path] = (state, real, loaded[0] if loaded else None)
        except OSError:
            return os.path.dirname(os.path.realpath(path)), None
        return known[1:]

    def _compile(self, path, descriptor):
        identity = identity_of(os.fstat(descriptor))
        source = os.pread(descriptor, LARGEST + 1, 0)
        if len(source) != identity[2] or identity_of(os.fstat(descriptor)) != identity:
            return None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            code = compile(source, path, "exec", dont_inherit=True)
            tree = compile(source, path, "exec", ONLY_AST, dont_inherit=True)
        # Its run has to show them, so it has to compile it.
        if caught:
            return None
        for name in imports(tree):
            self._import(name)
        if time.time() - max(identity[3], identity[4]) / 1e9 < SETTLED_AFTER:
            return None
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
