"""Keys and sealed records: who can read what is in Redis, and how a record is bound to its place.

- :mod:`sockethub.crypto.secret` - the type that never shows its value
- :mod:`sockethub.crypto.seal` - AES-256-GCM records bound to where they belong
- :mod:`sockethub.crypto.derive` - keys from keys
- :mod:`sockethub.crypto.master` - master keys, which the operator has
- :mod:`sockethub.crypto.root` - the root key, which stands in Redis wrapped under master keys
- :mod:`sockethub.crypto.keys` - the keys derived from the root key, and login ids
"""

from sockethub.crypto.keys import KeyRing, login_queue
from sockethub.crypto.master import MasterKey, MasterKeys
from sockethub.crypto.root import RootKey, WrappedRoot
from sockethub.crypto.seal import Binding, new_key, seal, unseal
from sockethub.crypto.secret import Secret

__all__ = [
    "Binding",
    "KeyRing",
    "MasterKey",
    "MasterKeys",
    "RootKey",
    "Secret",
    "WrappedRoot",
    "login_queue",
    "new_key",
    "seal",
    "unseal",
]
