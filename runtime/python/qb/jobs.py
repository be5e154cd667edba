"""Questions, as callbacks write them and as they travel."""

import qb

from . import document

FIELDS = ("id", "pgrp", "status", "user", "name", "label")
SWITCHES = ("agenda", "subjobs", "callbacks")


def jobinfo(args, keywords):
    query = parse_flags("jobinfo", "id", args, FIELDS, SWITCHES)
    for name, value in keywords.items():
        if name in FIELDS:
            query.setdefault(name, []).extend(values("jobinfo", name, value))
        elif name in SWITCHES:
            query[name] = bool(value)
        elif name == "filters":
            query[name] = parse_filters(value)
        else:
            known = ", ".join(FIELDS + SWITCHES + ("filters",))
            raise wrong("jobinfo", "%s cannot be asked for (%s)" % (name, known))
    own = own_answer(query)
    return ask("jobinfo", query) if own is None else own


def hostinfo(args, keywords):
    query = parse_flags("hostinfo", "name", args, None, ())
    for name, value in keywords.items():
        query.setdefault(name, []).extend(values("hostinfo", name, value))
    return ask("hostinfo", {"query": query})


def ask(method, params):
    from . import bridge

    return bridge.request(method, params)


def parse_flags(call, first, args, fields, switches):
    """A query from "-flag", value, value, ...; values in front of any flag are of the field `first`.

    Any other flag is an error, unless `fields` is None.
    """
    query = {}
    name, bare = first, False
    for arg in args:
        if isinstance(arg, str) and arg[:1] == "-" and not arg[1:2].isdigit():
            if bare:
                raise wrong(call, "-%s needs a value" % name)
            name = arg.lstrip("-")
            if name in switches:
                query[name], name = True, None
            elif fields is None or name in fields:
                bare = True
            else:
                known = " ".join("-" + flag for flag in fields + switches)
                raise wrong(call, "there is no flag %s (%s)" % (arg, known))
        elif name is None:
            raise wrong(call, "%r stands behind a flag that takes no value" % (arg,))
        else:
            bare = False
            query.setdefault(name, []).extend(values(call, name, arg))
    if bare:
        raise wrong(call, "-%s needs a value" % name)
    return query


def parse_filters(filters):
    if not hasattr(filters, "items"):
        raise wrong("jobinfo", "filters are a dict of fields and values")
    return {str(field): values("jobinfo", field, value) for field, value in filters.items()}


def values(call, name, value):
    """A list of texts and numbers. None is refused: taken for `any`, it would find what nobody asked for."""
    if value is None:
        raise wrong(call, "the value of %s is None" % name)
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        value = (value,)
    return [one.decode("utf-8") if isinstance(one, bytes) else one for one in value]


def own_answer(query):
    """The answer if all that is asked for is the run's own record and the run was started with it; else None."""
    ids = query.get("id", ())
    if len(ids) != 1 or any(name != "id" and name not in SWITCHES for name in query):
        return None
    if str(ids[0]).strip() != qb._variable("UCB_JOB_ID"):
        return None
    record = document.own_record()
    if record is None or str(record.get("id")) != qb._variable("UCB_JOB_ID"):
        return None
    for name in SWITCHES:
        if not query.get(name):
            record.pop(name, None)
        elif name not in record:
            return None
    return [record]


def wrong(call, message):
    return qb.QBError("%s: %s" % (call, message), "ERR_UCB_ARGUMENT")
