"""Every Redis key, in one place. What is between braces is the Redis Cluster hash tag.

=====================================  ==================================================================
``session:{<session>}:login:<login>``  hash ``key`` (wrapped session key), ``credentials`` (sealed); while the
                                       session lives
``queue:{<queue>}``                    stream of jobs (Dramatiq messages with a sealed envelope)
``queue:{<queue>}:dead``               stream of dead letters, bounded
``login:{<login>}:attached``           hash session → gateway: who is to hear of this login
``login:{<login>}:state``              sealed: what the login's user had asked for (connect, joins)
``login:{<login>}:answers``            hash: how commands with an id were answered, sealed, by blinded command; expires
``login:{<login>}:lease``              the supervisor that runs this login, with a fencing token; expires
``gateway:{<gateway>}:inbox``          stream of replies and notices to one gateway
``gateway:{<gateway>}:alive``          JSON ``{"ipc": path, "machine": id}``; expires when the gateway is gone
``supervisors:requests``               stream of logins to run
``supervisors:logins``                 hash login → platform: logins that ought to run, whoever runs them
``http:{<request>}:results``           ``running``, or the sealed results of an HTTP request, by blinded id; expires
``http:{<address>}:requests``          how many requests a blinded address made in this window; expires
``keys:master``                        the id of the master key that everything here is sealed under
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
MASTER_KEY: Final = "keys:master"


def session_login(session: str, login: str) -> str:
    return f"session:{{{session}}}:login:{login}"


def queue(name: str) -> str:
    return f"queue:{{{name}}}"


def dead_letters(name: str) -> str:
    return f"queue:{{{name}}}:dead"


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


def http_results(request: str) -> str:
    return f"http:{{{request}}}:results"


def http_requests(address: str) -> str:
    return f"http:{{{address}}}:requests"
