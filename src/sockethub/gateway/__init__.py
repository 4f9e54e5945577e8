"""The side that faces the clients.

::

    socketio.py  websocket.py          transports: parse once, answer in order of arrival
          └────┬────┘
          commands.py                  one event of one session: pipeline, then what the event asks for
          pipeline.py, middleware/     size → rate → normalise → validate → platform rules → your own
          logins.py                    credentials, and which logins run
          queueing.py                  seal, enqueue, await the one reply
          inbox.py  events.py          replies and notices from Redis; live events from workers
          router.py                    to every session that is to hear of it, in its own dialect
    server.py                          all of it on one Hypercorn, on one loop
"""
