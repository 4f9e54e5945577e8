"""The declaration of a deployment: models, loading, secrets, errors with file and line."""
