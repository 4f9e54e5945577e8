"""Every Redis key, in one place. What is between braces is the Redis Cluster hash tag: all of one login is in one slot.

=====================================  ==================================================================
``session:{<session>}:login:<login>``  hash ``key`` (wrapped session key), ``credentials`` (sealed); while the
                                       session lives
``queue:<platform>.{<login>}``         stream of jobs (Dramatiq messages with a sealed envelope); of all of a stateless
                                       platform ``queue:{<platform>}``
``queue:<platform>.{<login>}:dead``    stream of dead letters, bounded
``queue:<platform>.{<login>}:delayed`` sorted set: jobs by when they are due
``login:{<login>}:attached``           hash session → gateway: who is to hear of this login
``login:{<login>}:state``              sealed: what the login's user had asked for (connect, joins)
``login:{<login>}:answers``            hash: how commands with an id were answered, sealed, by blinded command; expires
``login:{<login>}:lease``              the supervisor that runs this login, with a fencing token; expires
``gateway:{<gateway>}:inbox``          stream of replies and notices to one gateway
``gateway:{<gateway>}:alive``          JSON ``{"ipc": path, "machine": id}``; expires when the gateway is gone
``supervisor:{<supervisor>}:inbox``    stream of words to one machine: sealed orders, logins to run
``supervisor:{<supervisor>}:alive``    expires when the machine is gone
``operations:{<order>}:answers``       list of sealed answers to an order; expires
``supervisors:requests``               stream of logins to run, and of words that one was left by a supervisor that goes
``supervisors:logins``                 hash login → platform, and what it wishes for: logins that ought to run, whoever
                                       runs them
``supervisors:machines``               hash supervisor → JSON: its platforms, labels, weight and room
``supervisors:swept``                  when a machine looked last for logins that nobody runs
``supervisor:{<supervisor>}:known``    there while the supervisor is, and for a day after; expires
``http:{<request>}:results``           ``running``, or the sealed results of an HTTP request, by blinded id; expires
``http:{<address>}:requests``          how many requests a blinded address made in this window; expires
``limit:<kind>:{<subject>}:count``     how often a blinded user or address did something in this window; expires
``limit:<kind>:{<subject>}:held``      sorted set: connections or logins of a blinded subject, by when they expire
``keys:root``                          hash: ``id`` of the root key, ``version``, and by ids of master keys the root key
                                       wrapped under each
``keys:holder:<holder>``               JSON: which master keys a running process would have at its next start; expires
``keys:look``                          a time: processes read their declared keys again when it is another; expires
``platform:{<platform>}:kept``         hash: what its processes keep, sealed, by blinded name; expires
``platform:{<platform>}:kept:used``    sorted set: when each of these was used; expires
``platform:{<platform>}:kept:bytes``   how many bytes these are; expires
``platform:{<platform>}:line:<name>``  sorted set: tickets of those at, or waiting for, one host; expires
``platform:{<platform>}:pauses``       sorted set: until when a host wants to be left alone; expires
=====================================  ==================================================================
"""

from __future__ import annotations

from typing import Final

SUPERVISOR_REQUESTS: Final = "supervisors:requests"
SUPERVISOR_LOGINS: Final = "supervisors:logins"
SUPERVISOR_MACHINES: Final = "supervisors:machines"
SUPERVISOR_SWEPT: Final = "supervisors:swept"
ROOT_KEY: Final = "keys:root"
LOOK: Final = "keys:look"


def session_login(session: str, login: str) -> str:
    return f"session:{{{session}}}:login:{login}"


def queue(name: str) -> str:
    """The stream of a queue; of ``*`` a pattern for all there are."""
    above, dot, last = name.rpartition(".")
    if name == "*":
        return "queue:*{*}"
    return f"queue:{above}{dot}{{{last}}}" if last else f"queue:{{{name}}}"


def dead_letters(name: str) -> str:
    return f"{queue(name)}:dead"


def delayed(name: str) -> str:
    return f"{queue(name)}:delayed"


def queue_of_dead_letters(key: str) -> str:
    """The name that :func:`dead_letters` was given."""
    return key.removeprefix("queue:").removesuffix(":dead").replace("{", "").replace("}", "")


def attached(login: str) -> str:
    return f"login:{{{login}}}:attached"


def state(login: str) -> str:
    return f"login:{{{login}}}:state"


def answers(login: str) -> str:
    return f"login:{{{login}}}:answers"


def lease(login: str) -> str:
    return f"login:{{{login}}}:lease"


def inbox(gateway: str) -> str:
    return f"gateway:{{{gateway}}}:inbox"


def holder(name: str) -> str:
    return f"keys:holder:{name}"


def kept(platform: str) -> tuple[str, str, str]:
    """Records, when they were used, how many bytes they are."""
    records = f"platform:{{{platform}}}:kept"
    return records, f"{records}:used", f"{records}:bytes"


def line(platform: str, name: str) -> str:
    return f"platform:{{{platform}}}:line:{name}"


def pauses(platform: str) -> str:
    return f"platform:{{{platform}}}:pauses"


def gateway_alive(gateway: str) -> str:
    return f"gateway:{{{gateway}}}:alive"


def limit_count(kind: str, subject: str) -> str:
    return f"limit:{kind}:{{{subject}}}:count"


def limit_held(kind: str, subject: str) -> str:
    return f"limit:{kind}:{{{subject}}}:held"


def supervisor_inbox(supervisor: str) -> str:
    return f"supervisor:{{{supervisor}}}:inbox"


def supervisor_alive(supervisor: str) -> str:
    return f"supervisor:{{{supervisor}}}:alive"


def supervisor_known(supervisor: str) -> str:
    return f"supervisor:{{{supervisor}}}:known"


def operations_answers(order: str) -> str:
    return f"operations:{{{order}}}:answers"


def http_results(request: str) -> str:
    return f"http:{{{request}}}:results"


def http_requests(address: str) -> str:
    return f"http:{{{address}}}:requests"
