"""The middleware that ships with Sockethub, in the order of the default pipeline: size, rate, normalise, validate,
platform rules."""
