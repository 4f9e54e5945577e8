"""Who a client is: what it shows, checked, becomes a :class:`~sockethub.auth.user.User`.

::

    authenticator.py   the declared methods, in their order
      tokens.py        tokens that the declaration lists
      jwt.py           JSON Web Tokens (RFC 7519)
        jwks.py        the keys they are signed with (RFC 7517), read again when their file changes

Nothing here knows a transport; ``gateway/admission.py`` asks once for each connection.
"""
