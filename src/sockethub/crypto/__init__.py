"""Keys and sealed records: who can read what is in Redis, and how a record is bound to its place.

- :mod:`sockethub.crypto.secret` - the type that never shows its value
- :mod:`sockethub.crypto.seal` - AES-256-GCM records bound to where they belong
- :mod:`sockethub.crypto.keys` - the master key, the keys derived from it, and login ids
"""

from sockethub.crypto.keys import KeyRing, MasterKey, login_queue
from sockethub.crypto.seal import Binding, new_key, seal, unseal
from sockethub.crypto.secret import Secret

__all__ = ["Binding", "KeyRing", "MasterKey", "Secret", "login_queue", "new_key", "seal", "unseal"]
