"""Who is connected.

- :mod:`~sockethub.sessions.session` - one client: secret, dialect, logins, commands under way
- :mod:`~sockethub.sessions.bindings` - what binds a session to a login
- :mod:`~sockethub.sessions.addresses` - where clients are, and what limits count that as
- :mod:`~sockethub.sessions.place` - what somebody has of what is limited across gateways
- :mod:`~sockethub.sessions.outbox` - what waits to be sent to one client, bounded
- :mod:`~sockethub.sessions.store` - the part of a session that is in Redis, and ends with it
- :mod:`~sockethub.sessions.table` - all sessions of this gateway
"""
