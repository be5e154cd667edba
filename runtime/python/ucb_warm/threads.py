"""What `threading` knows, kept from one fork to the next."""

import gc
import os
import sys

# Those whose `threading` does no more after a fork, where there is one thread, than is done here.
KNOWN = (3, 9), (3, 13)


class Threads:
    """`threading` makes all its locks and lists anew after a fork, which costs a quarter of what a short run does. Where
    there was one thread before, they are as good as new.
    """

    def __init__(self):
        self._hooks = None  # what the interpreter calls in a new process
        self._place = 0  # of the hook of `threading`
        self._hook = None

    def settle(self):
        """In the host, which has one thread: has its forks do without. Before what is there is frozen."""
        hook = getattr(sys.modules.get("threading"), "_after_fork", None)
        if self._hook is not None or hook is None or not KNOWN[0] <= sys.version_info < KNOWN[1]:
            return
        lists = [holder for holder in gc.get_referrers(hook) if type(holder) is list and all(map(callable, holder))]
        if len(lists) != 1 or lists[0].count(hook) != 1:
            return
        self._hooks = lists[0]
        self._place = self._hooks.index(hook)
        self._hook = hook
        # Does nothing.
        self._hooks[self._place] = int

    def begin(self):
        """In a fork. Forks of its own do all of it, as ever."""
        if self._hook is not None:
            self._hooks[self._place] = self._hook
        main = getattr(sys.modules.get("threading"), "_main_thread", None)
        if hasattr(main, "_native_id"):
            main._native_id = os.getpid()
