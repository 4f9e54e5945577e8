"""Servers that Sockethub brings along, so that it runs on a machine where nothing else is installed.

:func:`sockethub.embedded.redis.embedded_redis` is fit for one machine's work,
:func:`sockethub.embedded.ircd.local_ircd` for trying things out without the internet. Both run as children that do not
outlive their parent.
"""
