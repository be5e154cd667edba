"""The way to the supervisor: a request a line over a unix socket, and a line for the answer."""

import json
import os
import socket

import qb

from . import document

LONGEST = 8 * 1024 * 1024

# Connections that wait for their next request, of the process `_owner`. A request takes one out or opens one, so that
# threads and signal handlers never share one, and a forked process never uses its parent's.
_idle = []
_owner = None


def perform(verb, ids):
    return change("perform", {"verb": verb, "ids": list(flatten(verb, ids))})


def change(method, params):
    try:
        return request(method, params)
    finally:
        document.outdate()


def flatten(verb, ids):
    for one in ids:
        if isinstance(one, bytes):
            yield one.decode("utf-8")
        elif isinstance(one, str):
            yield one
        elif hasattr(one, "__index__") and not isinstance(one, bool):
            yield int(one)
        elif hasattr(one, "__iter__") and not hasattr(one, "keys"):
            yield from flatten(verb, one)
        else:
            # A float as well: 250.10 would be subjob 250.1.
            message = "%s: %r is no id; ids are 1001, '1001.2' for a subjob and '1001:NAME' for a work item"
            raise qb.QBError(message % (verb, one), "ERR_UCB_ARGUMENT")


def request(method, params):
    line = encode(method, params)
    connection = take()
    try:
        answer = json.loads(exchange(connection, line).decode("utf-8"))
        if not isinstance(answer, dict):
            raise ValueError("it is no object")
    except OSError as error:
        connection.close()
        raise unreachable(error) from error
    except ValueError as error:
        connection.close()
        raise qb.QBError("the supervisor's answer cannot be understood: %s" % error) from error
    except BaseException:
        # Interrupted in the middle, by a signal handler that raised, say: the rest of the answer may still come.
        connection.close()
        raise
    if answer.get("id") is None:
        connection.close()
    else:
        _idle.append(connection)
    if "error" in answer:
        raise qb.QBError(answer["error"]["message"], answer["error"]["code"])
    return answer["result"]


def encode(method, params):
    # The token comes first: a long request of a stranger is not even read.
    message = {"token": qb._variable("UCB_TOKEN"), "id": 1, "method": method, "params": params}
    try:
        line = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise qb.QBError("%s: this cannot be sent: %s" % (method, error), "ERR_UCB_ARGUMENT") from error
    if len(line) > LONGEST:
        message = "%s: %d bytes are more than the %d of a request" % (method, len(line), LONGEST)
        raise qb.QBError(message, "ERR_UCB_ARGUMENT")
    return line


def take():
    global _idle, _owner
    if _owner != os.getpid():
        for connection in _idle:
            connection.close()
        _idle, _owner = [], os.getpid()
    try:
        return _idle.pop()
    except IndexError:
        pass
    path = qb._variable("UCB_SOCKET")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(None)
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise unreachable(error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def exchange(connection, line):
    try:
        # A script may have given SIGPIPE its deadly default again.
        connection.sendall(line, socket.MSG_NOSIGNAL)
    except (BrokenPipeError, ConnectionResetError):
        # The supervisor ended the connection before it read all: it may have said why.
        return receive(connection)
    return receive(connection)


def receive(connection):
    parts = []
    while True:
        part = connection.recv(1 << 16)
        if not part:
            raise ConnectionResetError("it ended the connection without an answer")
        parts.append(part)
        if part.endswith(b"\n"):
            return b"".join(parts)


def unreachable(error):
    path = qb._variable("UCB_SOCKET")
    hint = "it may have ended or been restarted since this callback was started, or this run has ended"
    return qb.QBError("the supervisor cannot be reached at %s: %s (%s)" % (path, error, hint))
