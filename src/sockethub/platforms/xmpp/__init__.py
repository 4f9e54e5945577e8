"""XMPP: a persistent platform on slixmpp's stream and the pure translator.

====================  ==================================================================================================
:mod:`.platform`      one login: connecting, performing, staying connected, what is remembered
:mod:`.session`       one session: stanzas in, activities out; commands out, outcomes in
:mod:`.stream`        slixmpp's stream, made to carry elements of our codec
:mod:`.outcomes`      which stanza answers which command (pure)
:mod:`.commands`      from an activity to the stanza on the wire (pure)
:mod:`.refusals`      what a refusal means: condition and text (pure)
:mod:`.answers`       what we answer when others ask (pure)
:mod:`.features`      what a server offers (pure)
:mod:`.rooms`         where we are and want to be (pure)
:mod:`.occupants`     who is in our rooms
:mod:`.references`    which message of a room is meant
:mod:`.dial`          DNS SRV, TCP (through the guard) and TLS, each failure in plain words
:mod:`.sasl`          OAUTHBEARER
:mod:`.login`         the credentials as a value
:mod:`.options`       what the operator may set
:mod:`.notices`       what the platform itself tells the client (pure)
:mod:`.warm_up`       a rehearsal before the fork
:mod:`.rehearsal`     the server that it is rehearsed with
====================  ==================================================================================================
"""

from __future__ import annotations

from sockethub.platforms.xmpp.platform import XmppPlatform

__all__ = ["XmppPlatform"]
