"""Jobs: Dramatiq on Redis Streams, and the sealed envelopes that travel there."""
