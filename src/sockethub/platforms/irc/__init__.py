"""IRC: a persistent platform on the ``irc`` package's connection and the pure translator.

====================  ==================================================================================================
:mod:`.platform`      one login: connecting, performing, staying connected, what is remembered
:mod:`.session`       one connection: lines in, activities out; commands out, outcomes in
:mod:`.hooks`         what a session tells its platform
:mod:`.pending`       which line answers which command (pure)
:mod:`.commands`      from an activity to the command on the wire (pure)
:mod:`.refusals`      what a refusal means: condition and text (pure)
:mod:`.rooms`         where we are and want to be
:mod:`.throttle`      how fast lines may go (pure)
:mod:`.connection`    the ``irc`` package's connection, made to carry lines of our codec
:mod:`.dial`          TCP (through the guard) and TLS, each failure in plain words
:mod:`.login`         the credentials as a value
:mod:`.features`      what a server offers (pure)
:mod:`.ctcp`          answers to PING and VERSION of others (pure)
:mod:`.sts`           servers that want TLS (pure)
:mod:`.nickserv`      telling NickServ the password, and what it says (pure)
:mod:`.options`       what the operator may set
:mod:`.notices`       what the platform itself tells the client (pure)
:mod:`.warm_up`       a rehearsal before the fork
====================  ==================================================================================================
"""

from __future__ import annotations

from sockethub.platforms.irc.platform import IrcPlatform

__all__ = ["IrcPlatform"]
