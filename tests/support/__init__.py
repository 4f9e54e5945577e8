"""What the tests share: real servers, throw-away certificates, waiting with a deadline."""
