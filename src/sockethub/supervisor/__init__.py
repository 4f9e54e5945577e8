"""Starts, watches, limits and replaces the processes that run platforms.

- :mod:`~sockethub.supervisor.launch` - run a supervisor as a child process
- :mod:`~sockethub.supervisor.supervisor` - requests, leases, sweeping
- :mod:`~sockethub.supervisor.keeper` - one task per worker: start, watch, replace
- :mod:`~sockethub.supervisor.roster` - which logins ought to run, so that another supervisor can take them over
- :mod:`~sockethub.supervisor.processes` - fork servers and workers, seen from here
- :mod:`~sockethub.supervisor.zygote` - the fork server itself
- :mod:`~sockethub.supervisor.cage` - limits of children
- :mod:`~sockethub.supervisor.sandbox` - what a worker may not ask of the machine: Landlock, seccomp, capabilities
"""
