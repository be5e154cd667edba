"""What the interpreter calls in a new process, as far as it can be had for less."""

import functools
import gc
import os
import sys

# Those whose modules do no more in a new process, where there is one thread, than is done here.
KNOWN = (3, 9), (3, 13)


class Hooks:
    """`threading` makes all its locks and lists anew after a fork, which costs a quarter of what a short run does: where
    there was one thread before, they are as good as new. `random` gets its new seed by way of functions of Python's.
    """

    def __init__(self):
        self._hooks = interpreters_list() if KNOWN[0] <= sys.version_info < KNOWN[1] else None
        # By module. They stay alive, as a fork that puts back the others would only pay for their end.
        self._shortened = {}
        # What runs put back, as a container, a key and a value each: forks of their own do all of it, as ever.
        self.assignments = []

    def settle(self):
        """In the host, which has one thread: has its forks do without. Before what is there is frozen."""
        if self._hooks is None:
            return
        # Does nothing.
        self._shorten("threading", "_after_fork", int)
        random = sys.modules.get("random")
        instance = getattr(random, "_inst", None)
        if instance is not None and type(instance) is random.Random:
            if self._shorten("random", "seed", functools.partial(random._random.Random.seed, instance)):
                self.assignments.append((vars(instance), "gauss_next", None))

    def _shorten(self, module, name, shorter):
        hook = getattr(sys.modules.get(module), name, None)
        if hook is None or module in self._shortened or self._hooks.count(hook) != 1:
            return False
        place = self._hooks.index(hook)
        self.assignments.append((self._hooks, place, self._hooks[place]))
        self._hooks[place] = shorter
        self._shortened[module] = shorter
        return True


def interpreters_list():
    """The list of what is called in a new process; None where it cannot be found."""

    def sign():
        pass

    os.register_at_fork(after_in_child=sign)
    lists = [holder for holder in gc.get_referrers(sign) if type(holder) is list and holder[-1:] == [sign]]
    if len(lists) != 1:
        return None
    lists[0].pop()
    return lists[0]
