"""What was said: the client's dialect and the canonical form, schemas and their verdicts, the registry for clients.

- :mod:`~sockethub.activity.bundle` - a schema and all it refers to, as one document
- :mod:`~sockethub.activity.validation` - verdict (fast) and words (slow, only when it fails)
- :mod:`~sockethub.activity.platforms` - the declared platforms as the gateway sees them
- :mod:`~sockethub.activity.registry` - what the ``schemas`` event answers
- :mod:`~sockethub.activity.objects` - the actors and rooms a client has introduced
- :mod:`~sockethub.activity.speech` - one client's dialect: reading what it says, writing what it is told
"""
